// SPDX-License-Identifier: MIT
/*
 *     keeps NAME
 *
 * Calls a function of the C library that leaves a descriptor open without returning its number: one
 * that preload/libc/unhooked.list marks with "keeps". Prints the number, or "refused" and the
 * errno.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fstab.h>
#include <grp.h>
#include <mqueue.h>
#include <netdb.h>
#include <pwd.h>
#include <sched.h>
#include <shadow.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>
#include <utmp.h>

#include "frame.h"
#include "raw.h"

/* Makes a /dev/log in a namespace of its own. False: this is not allowed. */
static int log_server(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	long fd = raw_call(SYS_socket, AF_UNIX, SOCK_DGRAM, 0, 0);

	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", "/dev", "tmpfs", 0, NULL) == 0 &&
	       bind((int)fd, (struct sockaddr *)&name, sizeof(name)) == 0;
}

static int utmp_file(void)
{
	return raw_call(SYS_openat, AT_FDCWD, (long)"utmp", O_RDWR | O_CREAT, 0600) >= 0 &&
	       utmpname("utmp") == 0;
}

static void notified(union sigval value)
{
	(void)value;
}

static int notify(int queue)
{
	return mq_notify(queue, &(struct sigevent){.sigev_notify = SIGEV_THREAD,
						   .sigev_notify_function = notified});
}

static struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};

/* KEEPS(name, preparation, the call) */
#define EVERY_KEEPER                                                                               \
	KEEPS(openlog, log_server(), openlog("keeps", LOG_NDELAY, LOG_USER))                       \
	KEEPS(syslog, log_server(), syslog(LOG_INFO, "a test"))                                    \
	KEEPS(getpwent, 1, getpwent())                                                             \
	KEEPS(getgrent, 1, getgrent())                                                             \
	KEEPS(getspent, 1, getspent())                                                             \
	KEEPS(sethostent, 1, sethostent(1))                                                        \
	KEEPS(setprotoent, 1, setprotoent(1))                                                      \
	KEEPS(getservent, 1, getservent())                                                         \
	KEEPS(getfsent, 1, getfsent())                                                             \
	KEEPS(setutent, utmp_file(), setutent())                                                   \
	KEEPS(lckpwdf, 1, lckpwdf())                                                               \
	KEEPS(mq_notify, (mq_unlink("/fdtrail-keeps"), 1),                                         \
	      notify(mq_open("/fdtrail-keeps", O_RDWR | O_CREAT, 0600, &attributes)))

#define KEEPS(name, prepare, call)                                                                 \
	FRAME static void keeps_by_##name(void)                                                    \
	{                                                                                          \
		(void)(call);                                                                      \
		__asm__("");                                                                       \
	}                                                                                          \
	static int prepare_##name(void)                                                            \
	{                                                                                          \
		return (prepare);                                                                  \
	}
EVERY_KEEPER
#undef KEEPS

static const struct {
	const char *name;
	int (*prepare)(void);
	void (*call)(void);
} cases[] = {
#define KEEPS(name, prepare, call) {#name, prepare_##name, keeps_by_##name},
	EVERY_KEEPER
#undef KEEPS
};

/* One past the highest open number of the first hundred. */
static int highest(void)
{
	int fd = 100;

	while (fd && raw_call(SYS_fcntl, fd - 1, F_GETFD, 0, 0) < 0)
		fd--;
	return fd;
}

int main(int count, char **words)
{
	for (size_t i = 0; count == 2 && i < sizeof(cases) / sizeof(*cases); i++) {
		if (strcmp(cases[i].name, words[1]) != 0)
			continue;
		errno = 0;
		if (!cases[i].prepare()) {
			printf("refused %d\n", errno);
			return 0;
		}
		int before = highest();
		cases[i].call();
		if (highest() == before)
			printf("nothing\n");
		else
			printf("%d\n", highest() - 1);
		return 0;
	}
	return 2;
}
