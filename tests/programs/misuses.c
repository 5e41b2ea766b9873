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
 *     standard     a socket gets the number 1 after its close; three times
 *     stdio        the same after fclose(stdin), for number 0, and nothing else is opened
 *     database     a file is opened for reading and writing, and close-on-exec, at 1
 *     unreadable   a file is opened for reading at 1
 * Legal:
 *     loop         closes all numbers from 3 to 255, twice; and from 255 down to 3
 *     range        close_range, then a loop from 3
 *     child        a forked child closes what the parent has closed
 *     vforked      a vfork child does
 *     handoff      main closes what several threads have opened, number after number
 *     minus        close(-1)
 *     probe        dup2 and fcntl on a closed number
 *     daemon       0, 1 and 2 are closed and reopened, by open and dup
 *     logs         1 is closed, and a file opened for writing there
 *     safer        an open that gets 1 moves to a higher number at once
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

#include "frame.h"
#include "newer_kernel.h"
#include "raw.h"

static volatile int after;

static FRAME int opens(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	after = fd;
	return fd;
}

static FRAME void closes_first(int fd)
{
	close(fd);
	after = fd;
}

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

static FRAME int opens_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	after = fd;
	return fd;
}

static void opens_more(void)
{
	for (volatile int i = 0; i < 4; i++)
		opens();
}

static void standard(void)
{
	for (volatile int i = 0; i < 3; i++) {
		closes_first(STDOUT_FILENO);
		if (opens_socket() != STDOUT_FILENO)
			errx(1, "the socket is not at 1");
		opens_more();
	}
}

static void stdio(void)
{
	fclose(stdin);
	if (opens_socket() != STDIN_FILENO)
		errx(1, "the socket is not at 0");
}

static FRAME int opens_file(int flags)
{
	int fd = open("/proc/self/comm", flags);

	after = fd;
	return fd;
}

static void unreadable(void)
{
	closes_first(STDOUT_FILENO);
	if (opens_file(O_RDONLY) != STDOUT_FILENO)
		errx(1, "the file is not at 1");
	opens_more();
}

static void database(void)
{
	closes_first(STDOUT_FILENO);
	if (opens_file(O_RDWR | O_CLOEXEC) != STDOUT_FILENO)
		errx(1, "the file is not at 1");
	opens_more();
}

static void daemon_reopens(void)
{
	for (int fd = 0; fd < 2; fd++)
		closes_first(fd);
	if (open("/dev/null", O_RDWR | O_CLOEXEC) != 0 || dup(0) != 1)
		errx(1, "not reopened");
	dup2(0, STDERR_FILENO);
	opens_more();
}

static void logs(void)
{
	closes_first(STDOUT_FILENO);
	if (opens_file(O_WRONLY | O_CLOEXEC) != STDOUT_FILENO)
		errx(1, "the file is not at 1");
	opens_more();
}

static void safer(void)
{
	closes_first(STDOUT_FILENO);
	int fd = opens_file(O_RDONLY | O_CLOEXEC);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	close(fd);
	if (fd != STDOUT_FILENO || high < 3 || open("/dev/null", O_WRONLY) != STDOUT_FILENO)
		errx(1, "not moved");
	opens_more();
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
		{"standard", standard},
		{"stdio", stdio},
		{"unreadable", unreadable},
		{"database", database},
		{"loop", loop},
		{"range", range},
		{"child", child},
		{"vforked", vforked},
		{"handoff", handoff},
		{"minus", minus},
		{"probe", probe},
		{"daemon", daemon_reopens},
		{"logs", logs},
		{"safer", safer},
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
