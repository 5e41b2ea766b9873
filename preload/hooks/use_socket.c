// SPDX-License-Identifier: MIT
/* Wrappers of the functions that send and receive. use_wrapper.h says how they come to be
 * called. */
#include <sys/socket.h>

#include "use_wrapper.h"

USE ssize_t use_recv(int sockfd, void *buf, size_t len, int flags)
{
	note_use(sockfd, HERE);
	return use_real.recv(sockfd, buf, len, flags);
}

USE ssize_t use___recv_chk(int sockfd, void *buf, size_t len, size_t buflen, int flags)
{
	note_use(sockfd, HERE);
	return use_real.__recv_chk(sockfd, buf, len, buflen, flags);
}

USE ssize_t use_recvfrom(int sockfd, void *restrict buf, size_t len, int flags,
			 struct sockaddr *restrict src_addr, socklen_t *restrict addrlen)
{
	note_use(sockfd, HERE);
	return use_real.recvfrom(sockfd, buf, len, flags, src_addr, addrlen);
}

USE ssize_t use___recvfrom_chk(int sockfd, void *restrict buf, size_t len, size_t buflen, int flags,
			       struct sockaddr *restrict src_addr, socklen_t *restrict addrlen)
{
	note_use(sockfd, HERE);
	return use_real.__recvfrom_chk(sockfd, buf, len, buflen, flags, src_addr, addrlen);
}

USE ssize_t use_send(int sockfd, const void *buf, size_t len, int flags)
{
	note_use(sockfd, HERE);
	return use_real.send(sockfd, buf, len, flags);
}

USE ssize_t use___send(int sockfd, const void *buf, size_t len, int flags)
{
	note_use(sockfd, HERE);
	return use_real.__send(sockfd, buf, len, flags);
}

USE ssize_t use_sendto(int sockfd, const void *buf, size_t len, int flags,
		       const struct sockaddr *dest_addr, socklen_t addrlen)
{
	note_use(sockfd, HERE);
	return use_real.sendto(sockfd, buf, len, flags, dest_addr, addrlen);
}

USE ssize_t use_sendmsg(int sockfd, const struct msghdr *msg, int flags)
{
	note_use(sockfd, HERE);
	return use_real.sendmsg(sockfd, msg, flags);
}

USE int use_sendmmsg(int sockfd, struct mmsghdr *msgvec, unsigned int vlen, int flags)
{
	note_use(sockfd, HERE);
	return use_real.sendmmsg(sockfd, msgvec, vlen, flags);
}

USE int use_listen(int sockfd, int backlog)
{
	note_use(sockfd, HERE);
	return use_real.listen(sockfd, backlog);
}

USE int use_shutdown(int sockfd, int how)
{
	note_use(sockfd, HERE);
	return use_real.shutdown(sockfd, how);
}
