// SPDX-License-Identifier: MIT
/*
 * users NAME: uses a descriptor by the function NAME, in a function called uses_by_NAME, and prints
 * the descriptor's number. `users list` prints all names. Some functions are called by names that
 * only _FORTIFY_SOURCE, or the C library's own headers, use. Exit status 77: it is missing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#pragma GCC diagnostic ignored "-Wunused-result"

extern __typeof__(read) __read;
extern __typeof__(write) __write;
extern __typeof__(send) __send;
extern __typeof__(pread64) __pread64;
extern __typeof__(pwrite64) __pwrite64;
ssize_t __read_chk(int fd, void *buf, size_t count, size_t buflen);
ssize_t __pread_chk(int fd, void *buf, size_t count, off_t offset, size_t buflen);
ssize_t __pread64_chk(int fd, void *buf, size_t count, off64_t offset, size_t buflen);
ssize_t __recv_chk(int sockfd, void *buf, size_t len, size_t buflen, int flags);
ssize_t __recvfrom_chk(int sockfd, void *buf, size_t len, size_t buflen, int flags,
		       struct sockaddr *src_addr, socklen_t *addrlen);
int epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
		 const struct timespec *timeout, const sigset_t *sigmask) __attribute__((weak));

static char buffer[16];
static struct iovec parts[1] = {{.iov_base = buffer, .iov_len = sizeof(buffer)}};
static struct msghdr message = {.msg_iov = parts, .msg_iovlen = 1};
static struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = parts, .msg_iovlen = 1}}};
static struct epoll_event event;
static const struct timespec at_once;
static volatile long result; /* so that no call becomes a jump */
static int file, other, pair[2], ends[2];

/* USES(name, descriptor, call): call uses descriptor. */
#define ALL_USES                                                                                   \
	USES(read, file, read(file, buffer, 1))                                                    \
	USES(__read, file, __read(file, buffer, 1))                                                \
	USES(__read_chk, file, __read_chk(file, buffer, 1, sizeof(buffer)))                        \
	USES(pread, file, pread(file, buffer, 1, 0))                                               \
	USES(pread64, file, pread64(file, buffer, 1, 0))                                           \
	USES(__pread64, file, __pread64(file, buffer, 1, 0))                                       \
	USES(__pread_chk, file, __pread_chk(file, buffer, 1, 0, sizeof(buffer)))                   \
	USES(__pread64_chk, file, __pread64_chk(file, buffer, 1, 0, sizeof(buffer)))               \
	USES(readv, file, readv(file, parts, 1))                                                   \
	USES(preadv, file, preadv(file, parts, 1, 0))                                              \
	USES(preadv64, file, preadv64(file, parts, 1, 0))                                          \
	USES(preadv2, file, preadv2(file, parts, 1, 0, 0))                                         \
	USES(preadv64v2, file, preadv64v2(file, parts, 1, 0, 0))                                   \
	USES(write, file, write(file, buffer, 1))                                                  \
	USES(__write, file, __write(file, buffer, 1))                                              \
	USES(pwrite, file, pwrite(file, buffer, 1, 0))                                             \
	USES(pwrite64, file, pwrite64(file, buffer, 1, 0))                                         \
	USES(__pwrite64, file, __pwrite64(file, buffer, 1, 0))                                     \
	USES(writev, file, writev(file, parts, 1))                                                 \
	USES(pwritev, file, pwritev(file, parts, 1, 0))                                            \
	USES(pwritev64, file, pwritev64(file, parts, 1, 0))                                        \
	USES(pwritev2, file, pwritev2(file, parts, 1, 0, 0))                                       \
	USES(pwritev64v2, file, pwritev64v2(file, parts, 1, 0, 0))                                 \
	USES(getdents64, file, getdents64(file, buffer, sizeof(buffer)))                           \
	USES(fsync, file, fsync(file))                                                             \
	USES(fdatasync, file, fdatasync(file))                                                     \
	USES(ftruncate, file, ftruncate(file, 8))                                                  \
	USES(ftruncate64, file, ftruncate64(file, 8))                                              \
	USES(recv, pair[0], recv(pair[0], buffer, 1, MSG_DONTWAIT))                                \
	USES(__recv_chk, pair[0], __recv_chk(pair[0], buffer, 1, sizeof(buffer), MSG_DONTWAIT))    \
	USES(recvfrom, pair[0], recvfrom(pair[0], buffer, 1, MSG_DONTWAIT, NULL, NULL))            \
	USES(__recvfrom_chk, pair[0],                                                              \
	     __recvfrom_chk(pair[0], buffer, 1, sizeof(buffer), MSG_DONTWAIT, NULL, NULL))         \
	USES(recvmsg, pair[0], recvmsg(pair[0], &message, MSG_DONTWAIT))                           \
	USES(recvmmsg, pair[0], recvmmsg(pair[0], messages, 1, MSG_DONTWAIT, NULL))                \
	USES(send, pair[0], send(pair[0], buffer, 1, 0))                                           \
	USES(__send, pair[0], __send(pair[0], buffer, 1, 0))                                       \
	USES(sendto, pair[0], sendto(pair[0], buffer, 1, 0, NULL, 0))                              \
	USES(sendmsg, pair[0], sendmsg(pair[0], &message, 0))                                      \
	USES(sendmmsg, pair[0], sendmmsg(pair[0], messages, 1, 0))                                 \
	USES(listen, pair[0], listen(pair[0], 1))                                                  \
	USES(accept, pair[0], accept(pair[0], NULL, NULL))                                         \
	USES(accept4, pair[0], accept4(pair[0], NULL, NULL, 0))                                    \
	USES(shutdown, pair[0], shutdown(pair[0], SHUT_WR))                                        \
	USES(ioctl, pair[0], ioctl(pair[0], FIONREAD, &result))                                    \
	USES(sendfile, other, sendfile(other, file, NULL, 1))                                      \
	USES(sendfile64, other, sendfile64(other, file, NULL, 1))                                  \
	USES(splice, ends[1], splice(file, NULL, ends[1], NULL, 1, 0))                             \
	USES(tee, ends[0], tee(ends[0], ends[1], 1, SPLICE_F_NONBLOCK))                            \
	USES(vmsplice, ends[1], vmsplice(ends[1], parts, 1, 0))                                    \
	USES(copy_file_range, other, copy_file_range(file, NULL, other, NULL, 1, 0))               \
	USES(epoll_ctl, pair[0], epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, pair[0], &event))      \
	USES(epoll_wait, other, epoll_wait(other, &event, 1, 0))                                   \
	USES(epoll_pwait, other, epoll_pwait(other, &event, 1, 0, NULL))                           \
	USES(epoll_pwait2, other, epoll_pwait2(other, &event, 1, &at_once, NULL))                  \
	USES(eventfd_read, other, eventfd_read(other, (eventfd_t *)buffer))                        \
	USES(eventfd_write, other, eventfd_write(other, 1))                                        \
	USES(timerfd_settime, other,                                                               \
	     timerfd_settime(other, 0, &(struct itimerspec){{0}, {0}}, NULL))                      \
	USES(inotify_add_watch, other, inotify_add_watch(other, "/", IN_CREATE))

#define USES(name, fd, call)                                                                       \
	static FRAME int uses_by_##name(void)                                                      \
	{                                                                                          \
		result = call;                                                                     \
		return fd;                                                                         \
	}
ALL_USES
#undef USES

static const struct {
	const char *name;
	int (*uses)(void);
} all[] = {
#define USES(name, fd, call) {#name, uses_by_##name},
	ALL_USES
#undef USES
};

static int open_other(const char *name)
{
	if (strncmp(name, "epoll", 5) == 0)
		return epoll_create1(0);
	if (strncmp(name, "eventfd", 7) == 0)
		return eventfd(1, EFD_NONBLOCK);
	if (strncmp(name, "timerfd", 7) == 0)
		return timerfd_create(CLOCK_MONOTONIC, 0);
	if (strncmp(name, "inotify", 7) == 0)
		return inotify_init1(0);
	return memfd_create("other", 0);
}

static void open_all(const char *name)
{
	file = memfd_create("file", 0);
	other = open_other(name);
	result = pwrite(file, buffer, sizeof(buffer), 0);
	result = pipe(ends);
	result = socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "list";

	if (!epoll_pwait2 && strcmp(name, "epoll_pwait2") == 0)
		return 77; /* before glibc 2.35 */
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (strcmp(name, "list") == 0)
			puts(all[i].name);
		if (strcmp(name, all[i].name) != 0)
			continue;
		open_all(name);
		printf("%d\n", all[i].uses());
	}
	return 0;
}
