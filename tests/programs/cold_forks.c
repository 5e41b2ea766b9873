// SPDX-License-Identifier: MIT
/*
 *     cold_forks CHILDREN
 *
 * Two threads open from ever new stacks, one of them inside dl_iterate_phdr, while main forks
 * CHILDREN children one after another. Each child opens from a new stack, too, and ends.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static _Atomic int over;

static int left(unsigned int path, int depth);

FRAME static int right(unsigned int path, int depth)
{
	volatile int result;

	if (depth == 0)
		return close(open("/dev/null", O_RDONLY));
	result = path & 1 ? left(path >> 1, depth - 1) : right(path >> 1, depth - 1);
	return result;
}

FRAME static int left(unsigned int path, int depth)
{
	volatile int result;

	if (depth == 0)
		return close(open("/dev/null", O_RDONLY));
	result = path & 1 ? left(path >> 1, depth - 1) : right(path >> 1, depth - 1);
	return result;
}

static void *opens_from_new_stacks(void *data)
{
	for (unsigned int path = 0; !atomic_load(&over); path++)
		right(path, 14);
	return data;
}

static int in_callback(struct dl_phdr_info *info, size_t size, void *data)
{
	unsigned int *path = data;

	(void)info, (void)size;
	right((*path)++, 15);
	return 0;
}

static void *opens_in_callbacks(void *data)
{
	unsigned int path = 0;

	while (!atomic_load(&over))
		dl_iterate_phdr(in_callback, &path);
	return data;
}

int main(int count, char **words)
{
	int children = count > 1 ? atoi(words[1]) : 1, good = 0, status;
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, opens_from_new_stacks, NULL);
	pthread_create(&threads[1], NULL, opens_in_callbacks, NULL);
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			alarm(10);
			_exit(right((unsigned int)i, 16) == 0 ? 0 : 1);
		}
		good += waitpid(pid, &status, 0) == pid && status == 0;
		usleep(1000);
	}
	atomic_store(&over, 1);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	printf("%d\n", good);
	return 0;
}
