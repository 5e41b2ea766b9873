// SPDX-License-Identifier: MIT
/*
 * Leaks that several stacks lead to, one way for each MODE of `paths MODE...`, with a snapshot
 * between two of them. tests/cli/test_findings.py says which are one leak, which are two, and how
 * many descriptors each has.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

/* Volatile, so that no call is a jump. */
FRAME static int open_table(int salt)
{
	volatile int fd = open("/etc/passwd", O_RDONLY);

	return fd + 0 * salt;
}

/* Five calls on one line, as in an unrolled loop. */
FRAME static void unrolled(void)
{
	volatile int fd = -1;

#define ONCE fd = socket(AF_INET, SOCK_STREAM, 0);
	ONCE ONCE ONCE ONCE ONCE(void) fd;
#undef ONCE
}

FRAME static void both_kinds(void)
{
	volatile int fd, other;

	fd = open("/etc/passwd", O_RDONLY), other = socket(AF_INET, SOCK_STREAM, 0);
	(void)fd;
	(void)other;
}

FRAME static int deeper(volatile int depth)
{
	volatile int fd = depth ? deeper(depth - 1) : open_table(0);

	return fd;
}

/* Makes a path for each number of BITS bits. */
enum { BITS = 10, PATHS = 1 << BITS, EACH = 10 };

static int turn(unsigned int bits, int depth);

FRAME static int left(unsigned int bits, int depth)
{
	volatile int fd = turn(bits, depth);

	return fd;
}

FRAME static int right(unsigned int bits, int depth)
{
	volatile int fd = turn(bits, depth);

	return fd < 0 ? -1 : fd;
}

static int turn(unsigned int bits, int depth)
{
	if (!depth)
		return open_table(300);
	return bits & 1 ? left(bits >> 1, depth - 1) : right(bits >> 1, depth - 1);
}

/* Callers that the compiler can't merge into one function. */
#define CALLER(number)                                                                             \
	FRAME static void caller_##number(void)                                                    \
	{                                                                                          \
		volatile int fd = open_table(number);                                              \
                                                                                                   \
		(void)fd;                                                                          \
	}
CALLER(1)
CALLER(2)
CALLER(3)
CALLER(4)
CALLER(5)
CALLER(6)
CALLER(7)
CALLER(8)
CALLER(9)
CALLER(10)
CALLER(11)
CALLER(12)

static void (*const callers[])(void) = {
	caller_1, caller_2, caller_3, caller_4,  caller_5,  caller_6,
	caller_7, caller_8, caller_9, caller_10, caller_11, caller_12,
};

enum { CALLERS = sizeof(callers) / sizeof(*callers) };

FRAME static void forgets(void)
{
	volatile int fd = open_table(100);

	(void)fd;
}

/* Closes all except the one in use. */
FRAME static void closes(int count)
{
	for (volatile int i = 0; i < count; i++) {
		volatile int fd = open_table(200);

		if (i + 1 < count)
			close(fd);
	}
}

FRAME static void call_each(int callers_count, int times)
{
	for (volatile int i = 0; i < callers_count; i++)
		for (volatile int j = 0; j < times; j++)
			callers[i]();
}

static void run(const char *mode)
{
	if (strcmp(mode, "unrolled") == 0)
		unrolled();
	else if (strcmp(mode, "kinds") == 0)
		both_kinds();
	else if (strcmp(mode, "recursion") == 0)
		for (volatile int depth = 0; depth < 7; depth++)
			deeper(depth);
	else if (strcmp(mode, "three") == 0)
		call_each(3, 1);
	else if (strcmp(mode, "leaf") == 0)
		call_each(CALLERS, 10);
	else if (strcmp(mode, "thousand") == 0)
		for (volatile unsigned int i = 0; i < PATHS * EACH; i++)
			left(i, BITS);
	else if (strcmp(mode, "wrapper") == 0)
		call_each(CALLERS, 1);
	if (strcmp(mode, "wrapper") == 0 || strcmp(mode, "one of two") == 0)
		for (volatile int i = 0; i < 6; i++)
			forgets();
	if (strcmp(mode, "one of two") == 0)
		closes(20);
}

int main(int argc, char **argv)
{
	signal(SIGUSR1, SIG_IGN); /* raised below, to trigger snapshots */
	for (volatile int i = 1; i < argc; i++) {
		if (i > 1)
			raise(SIGUSR1);
		run(argv[i]);
	}
	return 0;
}
