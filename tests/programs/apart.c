// SPDX-License-Identifier: MIT
/*
 *     apart HOW
 *
 * The process' own descriptors, and others: opens_in_main opens a device. Then HOW is
 *
 *     unshare, close_range  a thread gets a table of its own by this call, closes the number there
 *                           and opens it again in opens_apart
 *     clone                 a process that shares memory and descriptors calls _exit, before
 *                           opens_later opens one more
 *     pid_namespace         after unshare(CLONE_NEWPID) a snapshot is requested, and the program
 *                           must still be able to make the first child
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"

static const char *how;
static int number;

FRAME static int opens_in_main(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

FRAME static int opens_apart(void)
{
	volatile int fd = open("/dev/zero", O_RDONLY);

	return fd;
}

FRAME static int opens_later(void)
{
	volatile int fd = open("/dev/full", O_RDONLY);

	return fd;
}

static void *goes_apart(void *failed)
{
	int result = strcmp(how, "unshare") == 0 ? unshare(CLONE_FILES)
						 : close_range(1000, 1001, CLOSE_RANGE_UNSHARE);

	close(number);
	return result == 0 && opens_apart() == number ? NULL : failed;
}

static int ends(void *unused)
{
	(void)unused;
	_exit(0);
}

int main(int count, char **words)
{
	static char stack[64 * 1024] __attribute__((aligned(16)));
	void *failed = &number;
	pthread_t thread;
	int status;

	if (count < 2)
		return 2;
	signal(SIGUSR1, SIG_IGN); /* raised below, to ask for snapshots */
	how = words[1];
	number = opens_in_main();
	if (strcmp(how, "clone") == 0) {
		int pid =
			clone(ends, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, NULL);

		return pid < 0 || waitpid(pid, &status, 0) != pid || opens_later() < 0;
	}
	if (strcmp(how, "pid_namespace") == 0) {
		if (unshare(CLONE_NEWPID) != 0)
			return 77;
		raise(SIGUSR1);
		pid_t pid = fork();
		if (pid == 0)
			_exit(9);
		return pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 9;
	}
	if (pthread_create(&thread, NULL, goes_apart, failed) != 0)
		return 1;
	pthread_join(thread, &failed);
	return failed != NULL;
}
