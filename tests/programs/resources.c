// SPDX-License-Identifier: MIT
/*
 *     resources WHAT NUMBER [LIBRARY]
 *
 * Uses NUMBER of something, and prints by how many KiB its memory has grown since it had used a
 * hundredth. opens: descriptors, one after the other. stacks: distinct stacks, each of which opens
 * and closes; the last one leaks. threads: threads that start, open, leave one in a hundred open,
 * and end. slots: numbers (see libfakes.c), none closed. libraries: times that LIBRARY is loaded,
 * opens, and is unloaded, with a thousand stacks of the program's own in between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

static long memory(void)
{
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file) {
		if (fscanf(file, "%*d %ld", &pages) != 1)
			pages = 0;
		fclose(file);
	}
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

FRAME static void opens(long number)
{
	(void)number;
	close(open("/dev/null", O_RDONLY));
}

static void left(long number, int bit);

FRAME static void right(long number, int bit)
{
	left(number, bit);
	__asm__ volatile("" : : : "memory");
}

/* The bits of number choose the calls, so that each number is a stack of its own. */
FRAME static void left(long number, int bit)
{
	if (bit < 0)
		close(dup(0));
	else if (number >> bit & 1)
		right(number, bit - 1);
	else
		left(number, bit - 1);
	__asm__ volatile("" : : : "memory");
}

FRAME static void stacks(long number)
{
	left(number, 20);
	__asm__ volatile("" : : : "memory");
}

FRAME static void *thread_leaks(void *data)
{
	int fd = open("/dev/null", O_RDONLY);

	if ((long)data % 100)
		close(fd);
	return NULL;
}

FRAME static void threads(long number)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_leaks, (void *)number) != 0 ||
	    pthread_join(thread, NULL) != 0)
		exit(1);
}

FRAME static void slots(long number)
{
	volatile int fd = dup(0);

	(void)number, (void)fd;
}

static const char *library_path;

FRAME static void libraries(long number)
{
	void *library = dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
	int (*function)(void) = library ? (int (*)(void))dlsym(library, "plugin_opens_0") : NULL;

	if (!function)
		exit(1);
	volatile int fd = function();
	close(fd);
	for (long at = 0; at < 1000; at++)
		left(at, 10);
	dlclose(library);
	(void)number;
}

int main(int count, char **words)
{
	static const struct {
		const char *name;
		void (*use)(long number);
	} uses[] = {{"opens", opens},
		    {"stacks", stacks},
		    {"threads", threads},
		    {"slots", slots},
		    {"libraries", libraries}};
	long number = count > 2 ? atol(words[2]) : 0, before = 0;

	library_path = count > 3 ? words[3] : NULL;
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++)
		if (count > 2 && strcmp(words[1], uses[i].name) == 0) {
			for (long at = 0; at < number; at++) {
				uses[i].use(at);
				if (at == number / 100)
					before = memory();
			}
			printf("%ld\n", memory() - before);
			/* a leak to report */
			return open("/dev/null", O_RDONLY) < 0;
		}
	return 2;
}
