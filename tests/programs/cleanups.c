// SPDX-License-Identifier: MIT
/*
 *     cleanups LIBRARY TIMES [THREADS]
 *
 * Calls the function of libcleanups.cpp TIMES times, in the main thread, or in THREADS threads one
 * after another. Each thread's stack lies at another distance from the library, with nothing
 * between. The last call of each thread leaks.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "frame.h"

enum { SIZE = 256 * 1024, APART = 16 * 1024 * 1024, MOST = 16 };

static int (*opens_with_cleanup)(bool leak);
static int times;

FRAME static void calls_library(void)
{
	for (int i = 0; i < times; i++)
		opens_with_cleanup(i == times - 1);
}

static void *thread(void *data)
{
	calls_library();
	return data;
}

int main(int count, char **words)
{
	void *library = dlopen(count > 1 ? words[1] : "", RTLD_NOW);

	opens_with_cleanup = library ? (int (*)(bool))dlsym(library, "opens_with_cleanup") : NULL;
	if (!opens_with_cleanup || count < 3) {
		fprintf(stderr, "usage: cleanups LIBRARY TIMES [THREADS]\n");
		return 2;
	}
	times = atoi(words[2]);
	if (count == 3)
		calls_library();
	/* The stacks lie one below the other, and only the one in use is mapped. */
	char *top = mmap(NULL, (size_t)APART * MOST, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (int i = 0; top != MAP_FAILED && count > 3 && i < atoi(words[3]) && i < MOST; i++) {
		char *stack = top + (size_t)(MOST - 1 - i) * APART;
		pthread_attr_t attributes;
		pthread_t id;

		if (mprotect(stack, SIZE, PROT_READ | PROT_WRITE) != 0)
			return 1;
		pthread_attr_init(&attributes);
		pthread_attr_setstack(&attributes, stack, SIZE);
		if (pthread_create(&id, &attributes, thread, NULL) != 0 ||
		    pthread_join(id, NULL) != 0 || mprotect(stack, SIZE, PROT_NONE) != 0)
			return 1;
	}
	return 0;
}
