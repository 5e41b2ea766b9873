// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that make sockets, and of connect. connect needs a hook because the kernel
 * forgets the address of a connection that is reset, and doesn't give that of one that isn't made
 * yet. bind and listen need none: a snapshot asks the kernel for the local address and the LISTEN
 * state.
 */
#include "connect.h"
#include "direct.h"
#include "preload/runtime/misuse.h"
#include "preload/libc/socket_option.h"
#include "preload/runtime/use.h"

HOOK int socket(int domain, int type, int protocol)
{
	return opened(direct_always() ? direct(SYS_socket, domain, type, protocol, 0)
				      : REAL(socket)(domain, type, protocol),
		      FD_SOCKET);
}

HOOK int socketpair(int domain, int type, int protocol, int sv[2])
{
	return opened_pair(REAL(socketpair)(domain, type, protocol, sv), sv, FD_SOCKET);
}

HOOK int accept(int sockfd, struct sockaddr *restrict addr, socklen_t *restrict addrlen)
{
	note_use(sockfd, HERE);

	uint32_t asked = runtime_asked_by(sockfd);
	int fd = opened(direct_alone() ? direct(SYS_accept, sockfd, (long)addr, (long)addrlen, 0)
				       : REAL(accept)(sockfd, addr, addrlen),
			FD_SOCKET);

	capture_asked = asked;
	if (fd < 0)
		misuse_use_failed(sockfd, __func__, HERE);
	return fd;
}

HOOK int accept4(int sockfd, struct sockaddr *restrict addr, socklen_t *restrict addrlen, int flags)
{
	note_use(sockfd, HERE);

	uint32_t asked = runtime_asked_by(sockfd);
	int fd = opened(direct_alone()
				? direct(SYS_accept4, sockfd, (long)addr, (long)addrlen, flags)
				: REAL(accept4)(sockfd, addr, addrlen, flags),
			FD_SOCKET);

	capture_asked = asked;
	if (fd < 0)
		misuse_use_failed(sockfd, __func__, HERE);
	return fd;
}

bool connect_has_address(long result)
{
	if (result == 0)
		return true;
	switch (errno) {
	case EINPROGRESS:
	case EALREADY:
	case EAGAIN:
	case EINTR:
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
		return true;
	}
	return false;
}

HOOK int connect(int sockfd, const struct sockaddr *addr, socklen_t addrlen)
{
	int result = direct_alone() ? direct(SYS_connect, sockfd, (long)addr, addrlen, 0)
				    : REAL(connect)(sockfd, addr, addrlen);

	if (connect_has_address(result))
		runtime_connected(sockfd, addr, addrlen, HERE);
	else
		misuse_use_failed(sockfd, __func__, HERE);
	return result;
}

HOOK_ALIAS(__connect, connect);

int socket_option(int result, int level, int optname, const void *optval, const void *frame)
{
	if (level != SOL_SOCKET || optname != SO_PEERPIDFD)
		return result;
	if (result < 0)
		runtime_failed("getsockopt");
	else
		runtime_opened(*(const int *)optval, &(struct opening){.kind = FD_PIDFD}, frame);
	return result;
}

HOOK int getsockopt(int sockfd, int level, int optname, void *restrict optval,
		    socklen_t *restrict optlen)
{
	return socket_option(REAL(getsockopt)(sockfd, level, optname, optval, optlen), level,
			     optname, optval, HERE);
}

/* The end of rcmd(3), rexec(3) and their like, which make their sockets inside the C library: the
 * one that they return, and, if the caller wants it, a second one in *fd2p for the other program's
 * stderr. */
static int remote(int fd, const int *fd2p, const char *name, const void *frame)
{
	if (fd < 0)
		runtime_failed(name);
	else
		runtime_opened(fd, &(struct opening){.kind = FD_SOCKET}, frame);
	if (fd >= 0 && fd2p && *fd2p >= 0)
		runtime_opened(*fd2p, &(struct opening){.kind = FD_SOCKET}, frame);
	return fd;
}

HOOK int rcmd(char **restrict ahost, unsigned short inport, const char *restrict locuser,
	      const char *restrict remuser, const char *restrict cmd, int *restrict fd2p)
{
	return remote(REAL(rcmd)(ahost, inport, locuser, remuser, cmd, fd2p), fd2p, __func__, HERE);
}

HOOK int rcmd_af(char **restrict ahost, unsigned short inport, const char *restrict locuser,
		 const char *restrict remuser, const char *restrict cmd, int *restrict fd2p,
		 sa_family_t af)
{
	return remote(REAL(rcmd_af)(ahost, inport, locuser, remuser, cmd, fd2p, af), fd2p, __func__,
		      HERE);
}

HOOK int rexec(char **restrict ahost, int inport, const char *restrict user,
	       const char *restrict passwd, const char *restrict cmd, int *restrict fd2p)
{
	return remote(REAL(rexec)(ahost, inport, user, passwd, cmd, fd2p), fd2p, __func__, HERE);
}

HOOK int rexec_af(char **restrict ahost, int inport, const char *restrict user,
		  const char *restrict passwd, const char *restrict cmd, int *restrict fd2p,
		  sa_family_t af)
{
	return remote(REAL(rexec_af)(ahost, inport, user, passwd, cmd, fd2p, af), fd2p, __func__,
		      HERE);
}

HOOK int rresvport(int *port)
{
	return opened(REAL(rresvport)(port), FD_SOCKET);
}

HOOK int rresvport_af(int *port, sa_family_t af)
{
	return opened(REAL(rresvport_af)(port, af), FD_SOCKET);
}
