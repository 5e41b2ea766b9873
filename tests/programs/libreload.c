// SPDX-License-Identifier: MIT
/*
 * For reloads.c. The test builds it a second time with SECOND defined, so that the same addresses
 * are other functions with other frames.
 */
#include <fcntl.h>
#include <string.h>

#include "frame.h"

#ifdef SECOND
enum { ROOM = 3000 };
#define leaks_here leaks_in_second
#else
enum { ROOM = 24 };
#define leaks_here leaks_in_first
#endif

FRAME int leaks_here(const char *path);
FRAME int library_call(const char *path);

FRAME int leaks_here(const char *path)
{
	volatile char room[ROOM];
	volatile int fd;

	room[0] = path[0];
	room[ROOM - 1] = path[1];
	fd = open(path, O_RDONLY);
	return fd + (room[0] == room[ROOM - 1]);
}

FRAME int library_call(const char *path)
{
	volatile int fd = leaks_here(path);

	return fd;
}
