// SPDX-License-Identifier: MIT
/*
 *     secretive WAY HOW COUNT
 *
 * Becomes a process that others can't inspect. WAY: private (PR_SET_DUMPABLE in prctl(2)), user (it
 * changes its user from root to nobody), chroot (its root is the current folder, which has no
 * /proc), plain (it does nothing of the kind). Then it leaks COUNT descriptors by HOW: raw (by a
 * system call of its own), libc, pipes (COUNT pairs), closed (by libc, and it closes them again),
 * rawclosed (it closes them by a system call of its own). storm: it leaks none, and requests COUNT
 * snapshots while threads open and close all the time.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"
#include "raw.h"

FRAME static int leaks_unseen(void)
{
	volatile int fd = (int)raw_call(SYS_openat, AT_FDCWD, (long)"/", O_RDONLY, 0);

	return fd;
}

FRAME static int leaks_seen(void)
{
	volatile int fd = open("/", O_RDONLY);

	return fd;
}

FRAME static int leaks_pipe(void)
{
	int ends[2];
	volatile int result = pipe(ends);

	return result;
}

static atomic_bool over;

static void *opens_and_closes(void *unused)
{
	while (!atomic_load(&over))
		close(leaks_seen());
	return unused;
}

static void nothing(int number)
{
	(void)number;
}

static int storm(int snapshots)
{
	pthread_t threads[4];
	size_t count = sizeof(threads) / sizeof(*threads);

	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, opens_and_closes, NULL) != 0)
			return 1;
	/* Without a handler the program's own signal would end it. */
	signal(SIGUSR1, nothing);
	for (int i = 0; i < snapshots; i++)
		raise(SIGUSR1);
	atomic_store(&over, true);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static int hides(const char *way)
{
	if (strcmp(way, "private") == 0)
		return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (strcmp(way, "user") == 0)
		return setuid(65534);
	if (strcmp(way, "chroot") == 0)
		return chroot(".");
	return 0;
}

int main(int count, char **words)
{
	const char *way = count > 1 ? words[1] : "", *how = count > 2 ? words[2] : "";
	int number = count > 3 ? atoi(words[3]) : 0;

	if (hides(way) != 0)
		return 1;
	if (strcmp(how, "storm") == 0)
		return storm(number);
	for (int i = 0; i < number; i++) {
		int fd = strcmp(how, "raw") == 0     ? leaks_unseen()
			 : strcmp(how, "pipes") == 0 ? leaks_pipe()
						     : leaks_seen();

		if (fd < 0)
			return 1;
		if (strcmp(how, "closed") == 0)
			close(fd);
		if (strcmp(how, "rawclosed") == 0)
			raw_call(SYS_close, fd, 0, 0, 0);
	}
	return 0;
}
