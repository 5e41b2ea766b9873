// SPDX-License-Identifier: MIT
/*
 * C code of callsc, built like a distribution's, without frame pointers. It has thread-local
 * variables, and uses the register in which Go keeps the goroutine.
 */
#include <fcntl.h>
#include <pthread.h>

#include "_cgo_export.h"

__thread long opened[20];

int open_in_c(const char *path)
{
	opened[0]++;
	__asm__ volatile("xor %%r14d, %%r14d" ::: "r14");
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	__asm__ volatile("" : "+r"(fd)); /* not a tail call */
	return fd;
}

void call_back(const char *path)
{
	openInGo((char *)path);
	__asm__ volatile("");
}

static void *call_back_from_c(void *path)
{
	call_back(path);
	return NULL;
}

int call_back_in_a_thread(const char *path)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, call_back_from_c, (void *)path);

	return error ? error : pthread_join(thread, NULL);
}
