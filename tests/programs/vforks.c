// SPDX-License-Identifier: MIT
/*
 *     vforks HOW
 *
 * Leaks in leaks_in_parent and lets a child that shares this memory close everything: close,
 * closefrom, close_range, dup2 (in a vfork child), _exit (the child executes nothing), spawn
 * (posix_spawn). The parent's records must stay.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "newer_kernel.h"

extern char **environ;

FRAME static int leaks_in_parent(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

FRAME static int opens_afterwards(void)
{
	volatile int fd = open("/dev/zero", O_RDONLY);

	return fd;
}

int main(int count, char **words)
{
	static const char *how = ""; /* not in a register, which vfork might change */
	char *const command[] = {"true", NULL};
	int fd = leaks_in_parent(), status = -1;
	pid_t pid;

	if (count > 1)
		how = words[1];
	if (strcmp(how, "spawn") == 0) {
		posix_spawn_file_actions_t actions;
		posix_spawn_file_actions_init(&actions);
#if __GLIBC_PREREQ(2, 34)
		posix_spawn_file_actions_addclosefrom_np(&actions, 3);
#else
		posix_spawn_file_actions_addclose(&actions, fd);
#endif
		if (posix_spawn(&pid, "/bin/true", &actions, NULL, command, environ) != 0)
			return 1;
	} else {
		pid = vfork();
		if (pid == 0) {
			if (strcmp(how, "close") == 0)
				close(fd);
			else if (strcmp(how, "closefrom") == 0)
				closefrom(3);
			else if (strcmp(how, "close_range") == 0)
				close_range(3, ~0U, 0);
			else
				dup2(0, fd);
			open("/dev/null", O_RDONLY);
			if (strcmp(how, "_exit") == 0)
				_exit(0);
			execve("/bin/true", command, environ);
			_exit(1);
		}
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return 1;
	printf("%d %d\n", fd, opens_afterwards());
	return 0;
}
