// SPDX-License-Identifier: MIT
/*
 *     loads_deep LIBRARY [lazy|now|apart]
 *
 * Loads libdeep.so with RTLD_DEEPBIND, or apart, by dlmopen, and lets it open and close. Prints the
 * numbers that stay open: of its constructor, its function, its copy.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

FRAME static int opens_for_the_library(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

static void *load(const char *path, const char *how)
{
	if (strcmp(how, "apart") == 0)
		return dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
	return dlopen(path, (strcmp(how, "now") == 0 ? RTLD_NOW : RTLD_LAZY) | RTLD_DEEPBIND);
}

int main(int count, char **words)
{
	void *library = load(count > 1 ? words[1] : "", count > 2 ? words[2] : "lazy");
	int (*opens)(void), (*duplicates)(void), (*closes)(int), (*own)(void), *at_start;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 2;
	}
	at_start = dlsym(library, "at_start");
	opens = (int (*)(void))dlsym(library, "opens_in_the_library");
	duplicates = (int (*)(void))dlsym(library, "duplicates_in_the_library");
	closes = (int (*)(int))dlsym(library, "closes_in_the_library");
	own = (int (*)(void))dlsym(library, "own_socket");
	if (!at_start || !opens || !duplicates || !closes || !own || own() != -999)
		return 2;
	int first = opens_for_the_library();
	int opened = opens(), copy = duplicates();
	if (closes(first) != 0)
		return 2;
	printf("%d %d %d\n", *at_start, opened, copy);
	return 0;
}
