// SPDX-License-Identifier: MIT
/*
 *     pidfds NAME
 *
 * Spawns true(1) through pidfd_spawn or pidfd_spawnp and leaks its pidfd. Prints the number; or
 * what they return, when that is an error. glibc has them since 2.39: else a library that is
 * preloaded.
 */
#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

typedef int spawn_type(int *, const char *, const posix_spawn_file_actions_t *,
		       const posix_spawnattr_t *, char *const[], char *const[]);
extern spawn_type pidfd_spawn __attribute__((weak)), pidfd_spawnp __attribute__((weak));

FRAME static int opens_by(spawn_type *spawn)
{
	char *words[] = {"true", NULL};
	int pidfd = -1, error = spawn(&pidfd, "/bin/true", NULL, NULL, words, environ);

	if (error)
		printf("error %d\n", error);
	return pidfd;
}

int main(int count, char **words)
{
	spawn_type *spawn =
		count == 2 && strcmp(words[1], "pidfd_spawnp") == 0 ? pidfd_spawnp : pidfd_spawn;

	if (!spawn)
		return 2;
	printf("%d\n", opens_by(spawn));
	return 0;
}
