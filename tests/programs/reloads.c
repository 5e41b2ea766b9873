// SPDX-License-Identifier: MIT
/*
 *     reloads FIRST SECOND
 *
 * Loads a library, calls it, unloads it, and loads the other one, ten times in turn, mostly at the
 * same address. Prints how often the address was the previous one.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "frame.h"

FRAME static int calls_library(int (*function)(const char *))
{
	volatile int fd = function("/dev/null");

	return fd;
}

int main(int count, char **words)
{
	void *before = NULL;
	int same = 0;

	for (int i = 0; count == 3 && i < 10; i++) {
		void *library = dlopen(words[1 + i % 2], RTLD_NOW);
		if (!library)
			return 1;
		void *function = dlsym(library, "library_call");
		same += (unsigned long)function >> 12 == (unsigned long)before >> 12;
		before = function;
		if (calls_library((int (*)(const char *))function) < 0)
			return 1;
		dlclose(library);
	}
	printf("%d\n", same);
	return 0;
}
