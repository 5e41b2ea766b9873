// SPDX-License-Identifier: MIT
/*
 * misuses WAY
 *
 * Closes wrongly, or in a way that looks like it and is legal.
 *
 *     double       closes_again closes what closes_first has closed
 *     pair         both ends of a pipe, twice
 *     stream       fclose after close(fileno())
 *     raw          close after a raw system call has closed it
 *     accept       accept on a listening socket that was closed
 *     other        threads: proxy closes twice, and logger has been given the number meanwhile
 *     copy         dup2 after a close, and logger has been given the number meanwhile
 *     many         the same double close a hundred times
 * Legal:
 *     loop         closes all numbers from 3 to 255, twice; and from 255 down to 3
 *     range        close_range, then a loop from 3
 *     child        a forked child closes what the parent has closed
 *     vforked      a vfork child does
 *     handoff      main closes what several threads have opened, number after number
 *     minus        close(-1)
 *     probe        dup2 and fcntl on a closed number
 *     redirect     a standard stream is redirected and restored, a hundred times
 *     refill       dup2 after a close, a hundred times, and nobody comes between
 *     rotate       dup2 over what another thread has opened, with a number that was closed before
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "misuse_steps.h"
#include "newer_kernel.h"
#include "raw.h"

static FRAME void closes_again(int fd)
{
	close(fd);
	after = -fd;
}

static void twice(void)
{
	int fd = opens();

	closes_first(fd);
	closes_again(fd);
}

static void pair(void)
{
	int ends[2];

	if (pipe(ends) < 0)
		err(1, "pipe");
	for (int i = 0; i < 2; i++) {
		close(ends[0]);
		close(ends[1]);
	}
}

static void stream(void)
{
	FILE *file = fopen("/dev/null", "r");

	closes_first(fileno(file));
	fclose(file);
}

static void raw(void)
{
	int fd = opens();

	raw_call(SYS_close, fd, 0, 0, 0);
	closes_again(fd);
}

static void accept_closed(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listen(fd, 1);
	closes_first(fd);
	if (accept(fd, NULL, NULL) >= 0 || errno != EBADF)
		errx(1, "accept");
}

static _Atomic int step;
static _Atomic int given;

static void wait_for(int wanted)
{
	while (step != wanted)
		usleep(100);
}

static FRAME int logger_opens(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	after = fd;
	return fd;
}

static void *logger(void *unused)
{
	(void)unused;
	for (int i = 0; i < 2; i++) {
		wait_for(2 * i + 1);
		given = i ? logger_opens() : -1;
		step = 2 * i + 2;
	}
	return NULL;
}

static FRAME void closes_twice(int round)
{
	int fd = opens();

	closes_first(fd);
	step = 2 * round + 1;
	wait_for(2 * round + 2);
	closes_again(fd);
}

static void other(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, logger, NULL);
	for (volatile int round = 0; round < 2; round++)
		closes_twice(round);
	pthread_join(thread, NULL);
}

static FRAME void copies_over(int fd)
{
	dup2(STDERR_FILENO, fd);
	after = fd;
}

static FRAME void closes_and_copies(int round)
{
	int fd = opens();

	closes_first(fd);
	step = 2 * round + 1;
	wait_for(2 * round + 2);
	copies_over(fd);
	close(fd);
}

static void copy(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, logger, NULL);
	for (volatile int round = 0; round < 2; round++)
		closes_and_copies(round);
	pthread_join(thread, NULL);
}

static void loop(void)
{
	int fd = opens(), second = opens();

	closes_first(fd);
	closes_first(second);
	for (int i = 0; i < 2; i++)
		for (int number = 3; number < 256; number++)
			close(number);
	for (int number = 255; number >= 3; number--)
		close(number);
}

static void range(void)
{
	int fd = opens();

	close_range((unsigned int)fd, ~0U, 0);
	for (int number = 3; number < 20; number++)
		close(number);
}

static void child(void)
{
	int fd = opens();

	closes_first(fd);
	pid_t pid = fork();
	if (pid == 0) {
		closes_again(fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void vforked(void)
{
	int fd = opens();

	closes_first(fd);
	pid_t pid = vfork();
	if (pid == 0) {
		close(fd);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void *opener(void *unused)
{
	(void)unused;
	given = logger_opens();
	return NULL;
}

static void handoff(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		int fd = opens();

		closes_first(fd);
		pthread_create(&thread, NULL, opener, NULL);
		pthread_join(thread, NULL);
		closes_first(given);
	}
}

static void many(void)
{
	for (volatile int i = 0; i < 100; i++)
		twice();
}

static void minus(void)
{
	close(-1);
	close(-1);
}

static void probe(void)
{
	int fd = opens();

	closes_first(fd);
	if (fcntl(fd, F_GETFD) >= 0 || dup2(fd, 20) >= 0 || dup(fd) >= 0)
		errx(1, "the number is not closed");
}

static void redirect(void)
{
	for (int i = 0; i < 100; i++) {
		int saved = dup(STDOUT_FILENO), fd = opens();

		close(STDOUT_FILENO);
		dup2(fd, STDOUT_FILENO);
		close(fd);
		dup2(saved, STDOUT_FILENO);
		close(saved);
	}
}

static void refill(void)
{
	for (int i = 0; i < 100; i++) {
		int fd = opens();

		closes_first(fd);
		copies_over(fd);
		close(fd);
	}
}

static void rotate(void)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;
		int fd = opens();

		closes_first(fd);
		pthread_create(&thread, NULL, opener, NULL);
		pthread_join(thread, NULL);
		copies_over(given);
		close(given);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {
		{"double", twice},
		{"pair", pair},
		{"stream", stream},
		{"raw", raw},
		{"accept", accept_closed},
		{"other", other},
		{"copy", copy},
		{"many", many},
		{"loop", loop},
		{"range", range},
		{"child", child},
		{"vforked", vforked},
		{"handoff", handoff},
		{"minus", minus},
		{"probe", probe},
		{"redirect", redirect},
		{"refill", refill},
		{"rotate", rotate},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0) {
			ways[i].run();
			return 0;
		}
	errx(2, "usage: misuses WAY");
}
