// SPDX-License-Identifier: MIT
/*
 *     newer_glibc NAME
 *
 * Leaks a descriptor opened by a function of a newer glibc: the pidfd of true(1), which pidfd_spawn
 * or pidfd_spawnp (2.39) starts, or /dev/null, which openat2 (2.43) opens. Prints the number, or
 * the error. If the C library lacks the function, a preloaded library has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

typedef int spawn_type(int *, const char *, const posix_spawn_file_actions_t *,
		       const posix_spawnattr_t *, char *const[], char *const[]);
typedef int openat2_type(int, const char *, const struct open_how *, size_t);
extern spawn_type pidfd_spawn __attribute__((weak)), pidfd_spawnp __attribute__((weak));
extern openat2_type openat2 __attribute__((weak));

FRAME static int opens_by(spawn_type *spawn)
{
	char *words[] = {"true", NULL};
	int pidfd = -1, error = spawn(&pidfd, "/bin/true", NULL, NULL, words, environ);

	if (error)
		printf("error %d\n", error);
	return pidfd;
}

FRAME static int opens_by_openat2(openat2_type *open)
{
	struct open_how how = {.flags = O_RDONLY};
	int fd = open(AT_FDCWD, "/dev/null", &how, sizeof(how));

	if (fd < 0)
		printf("error %d\n", errno);
	return fd;
}

int main(int count, char **words)
{
	const char *name = count == 2 ? words[1] : "";
	spawn_type *spawn = strcmp(name, "pidfd_spawnp") == 0 ? pidfd_spawnp : pidfd_spawn;

	if (strcmp(name, "openat2") == 0) {
		if (!openat2)
			return 2;
		printf("%d\n", opens_by_openat2(openat2));
		return 0;
	}
	if (!spawn)
		return 2;
	printf("%d\n", opens_by(spawn));
	return 0;
}
