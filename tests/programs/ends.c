// SPDX-License-Identifier: MIT
/*
 *     ends HOW [NUMBER]
 *
 * Leaks NUMBER (1) descriptors in leaks_files, or until the limit with -1; prints a line that stays
 * in stdio's buffer, and ends by HOW: return, exit, _exit, quick_exit, wait (for a signal), none
 * (leaks nothing), handlers (exit handlers close the descriptors, so none is unclosed).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"

static int late = -1;

FRAME static int leaks_files(int number)
{
	volatile int fd = 0;

	for (int i = 0; i != number && fd >= 0; i++)
		fd = open("/dev/null", O_RDONLY);
	return fd;
}

FRAME static int closed_by_a_handler(void)
{
	volatile int fd = open("/dev/null", O_RDONLY);

	return fd;
}

static void handler(void)
{
	close(late);
}

__attribute__((destructor)) static void destructor(void)
{
	if (late >= 0)
		close(late + 1);
}

int main(int count, char **words)
{
	const char *how = count > 1 ? words[1] : "";
	int number = count > 2 ? atoi(words[2]) : 1;

	if (strcmp(how, "handlers") == 0) {
		late = closed_by_a_handler();
		closed_by_a_handler();
		atexit(handler);
		return 0;
	}
	if (strcmp(how, "none") != 0 && leaks_files(number) < 0 && errno != EMFILE)
		return 1;
	printf("buffered\n");
	if (strcmp(how, "exit") == 0)
		exit(3);
	if (strcmp(how, "_exit") == 0)
		_exit(3);
	if (strcmp(how, "quick_exit") == 0)
		quick_exit(3);
	if (strcmp(how, "wait") == 0) {
		fflush(stdout);
		for (;;)
			pause();
	}
	return 3 * (strcmp(how, "none") != 0);
}
