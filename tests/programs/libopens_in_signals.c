// SPDX-License-Identifier: MIT
/*
 * For an interpreter that loads it: from begin() on, a timer's signal handler opens and closes a
 * file every so many microseconds, wherever the interpreter is then. end() returns how often it
 * has. begin_often() and end_telling() are the same for an interpreter that can call only functions
 * without arguments and results.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void opens(int number)
{
	int saved = errno, fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)number;
	if (fd >= 0) {
		close(fd);
		count++;
	}
	errno = saved;
}

static void set(long microseconds)
{
	struct itimerval every = {{0, microseconds}, {0, microseconds}};

	setitimer(ITIMER_REAL, &every, NULL);
}

void begin(long microseconds);
int end(void);

void begin(long microseconds)
{
	struct sigaction action = {.sa_handler = opens, .sa_flags = SA_RESTART};

	sigaction(SIGALRM, &action, NULL);
	set(microseconds);
}

int end(void)
{
	set(0);
	return count;
}

void begin_often(void);
void end_telling(void);

void begin_often(void)
{
	begin(200);
}

void end_telling(void)
{
	dprintf(STDOUT_FILENO, "%d\n", end());
}
