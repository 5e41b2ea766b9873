// SPDX-License-Identifier: MIT
/*
 *     hides WAY [COMMAND ARGUMENT...]
 *
 * Leaks one file in leaks_before, goes where the folder of the snapshots can't be reached, leaks
 * another one in leaks_after, and returns from main, or executes COMMAND there. WAY: chroot=DIR,
 * user=ID (without rights), mount (an empty file system hides /tmp), size (no file may grow), none.
 * fork=WAY does that in a forked child; fork and kill leave a child that is killed.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

FRAME static int leaks_before(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

FRAME static int leaks_after(void)
{
	volatile int fd = dup(1);

	return fd;
}

static int hide(const char *way)
{
	if (strncmp(way, "chroot=", 7) == 0)
		return chroot(way + 7);
	if (strncmp(way, "user=", 5) == 0) {
		unsigned int id = (unsigned int)atoi(way + 5);

		return setgroups(0, NULL) || setresgid(id, id, id) || setresuid(id, id, id);
	}
	if (strcmp(way, "mount") == 0)
		return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		       mount("none", "/tmp", "tmpfs", 0, NULL);
	if (strcmp(way, "size") == 0) {
		struct rlimit none = {0, 0};

		return setrlimit(RLIMIT_FSIZE, &none);
	}
	return strcmp(way, "none") != 0;
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "none";
	bool forks = strncmp(way, "fork=", 5) == 0;
	int status = 0;

	if (forks) {
		way += 5;
		pid_t child = fork();
		if (child > 0)
			return waitpid(child, &status, 0) == child && WIFEXITED(status)
				       ? WEXITSTATUS(status)
				       : 1;
	}
	if (leaks_before() < 0)
		return 2;
	if (strcmp(way, "kill") == 0)
		raise(SIGKILL);
	if (hide(way) != 0) {
		perror(way);
		return 2;
	}
	if (argc > 2) {
		execv(argv[2], argv + 2);
		return 127;
	}
	return leaks_after() < 0;
}
