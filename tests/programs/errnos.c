// SPDX-License-Identifier: MIT
/*
 * Sets errno, makes hooked calls that succeed, and checks that errno is unchanged; then makes calls
 * that fail, and checks that errno is the kernel's. Prints what is wrong, or nothing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "newer_kernel.h"

static int pair[2], wrong, fd;
static FILE *stream;
static DIR *dir;

static void look(const char *call, int expected)
{
	if (errno == expected)
		return;
	printf("%s: errno is %d, not %d\n", call, errno, expected);
	wrong = 1;
}

/* A call that succeeds leaves errno as it was, unless the C library itself touches it. */
#define KEEPS(call)                                                                                \
	do {                                                                                       \
		errno = EXDEV;                                                                     \
		if ((call) < 0)                                                                    \
			printf("%s failed: %d\n", #call, errno);                                   \
		look(#call, EXDEV);                                                                \
	} while (0)
#define FAILS(call, expected)                                                                      \
	do {                                                                                       \
		errno = EXDEV;                                                                     \
		if ((call) >= 0)                                                                   \
			printf("%s did not fail\n", #call), wrong = 1;                             \
		look(#call, expected);                                                             \
	} while (0)

int main(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN};

	KEEPS(fd = open("/dev/null", O_RDONLY));
	KEEPS(close(fd));
	KEEPS(fd = socket(AF_INET, SOCK_STREAM, 0));
	KEEPS(dup2(fd, 40));
	KEEPS(dup3(fd, 41, O_CLOEXEC));
	KEEPS(close(dup(fd)));
	KEEPS(fcntl(fd, F_DUPFD, 50));
	KEEPS(close_range(40, 60, 0));
	KEEPS(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	KEEPS(pipe(pair));
	KEEPS(eventfd(0, 0));
	KEEPS(epoll_create1(0));
	KEEPS((stream = fopen("/dev/null", "r")) ? 0 : -1);
	KEEPS(fclose(stream));
	KEEPS((dir = opendir("/")) ? 0 : -1);
	KEEPS(closedir(dir));
	KEEPS(syscall(SYS_close, syscall(SYS_dup, fd)));
	KEEPS(sigaction(SIGUSR1, &action, NULL));
	KEEPS(sigaction(SIGTERM, NULL, &action));
	KEEPS(kill(getpid(), SIGUSR1));

	FAILS(open("/nowhere/at/all", O_RDONLY), ENOENT);
	FAILS(openat(AT_FDCWD, "/dev/null/x", O_RDONLY), ENOTDIR);
	FAILS(close(999), EBADF);
	FAILS(dup(999), EBADF);
	FAILS(dup2(999, fd), EBADF);
	FAILS(dup3(fd, fd, 0), EINVAL);
	FAILS(fcntl(999, F_DUPFD, 0), EBADF);
	FAILS(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
	FAILS(accept(999, NULL, NULL), EBADF);
	FAILS(accept(fd, NULL, NULL), EINVAL);
	FAILS(recvmsg(999, &(struct msghdr){0}, 0), EBADF);
	FAILS(close_range(9, 3, 0), EINVAL);
	FAILS(syscall(SYS_close, 999), EBADF);
	FAILS(syscall(SYS_openat, AT_FDCWD, "/nowhere/at/all", O_RDONLY), ENOENT);
	FAILS(fopen("/nowhere/at/all", "r") ? 0 : -1, ENOENT);
	FAILS(opendir("/dev/null") ? 0 : -1, ENOTDIR);
	FAILS(sigaction(SIGKILL, &action, NULL), EINVAL);
	FAILS(sigaction(999, &action, NULL), EINVAL);
	return wrong;
}
