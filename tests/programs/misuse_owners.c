// SPDX-License-Identifier: MIT
/*
 * misuse_owners WAY
 *
 * Closes what belongs to a stream, or lets something have a standard number; or does what looks
 * like it and is legal.
 *
 *     file         close(fileno()), and the stream stays
 *     late         the same, and fclose later
 *     directory    close(dirfd())
 *     stale        close(fileno()), other_opens gets the number, fclose
 *     standard     a socket gets the number 1 after its close; three times
 *     stdio        the same after fclose(stdin), for number 0, and nothing else is opened
 *     database     a file is opened for reading and writing, and close-on-exec, at 1
 *     unreadable   a file is opened for reading at 1
 * Legal:
 *     everything   a loop closes every second number, and a stream is among them
 *     first        the same, and the stream is the first
 *     numbers      a loop closes all numbers from 3 on, and a stream is among them
 *     reused       a stream is closed, and its number is another stream's by fdopen
 *     hidden       1 is closed at the start, something else has it for a while, and fclose(stdout)
 *     daemon       0, 1 and 2 are closed and reopened, by open and dup
 *     logs         1 is closed, and a file opened for writing there
 *     safer        an open that gets 1 moves to a higher number at once
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "misuse_steps.h"
#include "raw.h"

static FRAME FILE *opens_file_and_closes(void)
{
	FILE *file = fopen("/dev/null", "r");

	closes_first(fileno(file));
	return file;
}

static void file(void)
{
	opens_file_and_closes();
	opens();
}

static void late(void)
{
	int other = opens();
	FILE *stream = opens_file_and_closes();

	close(other);
	fclose(stream);
}

static void directory(void)
{
	DIR *dir = opendir("/");

	closes_first(dirfd(dir));
	opens();
}

static FRAME int other_opens(void)
{
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	after = fd;
	return fd;
}

static void stale(void)
{
	FILE *stream = opens_file_and_closes();

	other_opens();
	fclose(stream);
}

static void close_every_second(int first)
{
	for (int fd = first; fd < first + 6; fd += 2)
		closes_first(fd);
	opens();
}

static void everything(void)
{
	int fd = opens();

	opens();
	after = fileno(fopen("/dev/null", "r"));
	for (int i = 0; i < 3; i++)
		opens();
	close_every_second(fd);
}

static void first(void)
{
	int fd = fileno(fopen("/dev/null", "r"));

	for (int i = 0; i < 5; i++)
		opens();
	close_every_second(fd);
}

static void numbers(void)
{
	opens();
	after = fileno(fopen("/dev/null", "r"));
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	opens();
}

static void reused(void)
{
	FILE *stream = fopen("/dev/null", "r");

	fclose(stream);
	stream = fdopen(opens(), "r");
	opens();
	fclose(stream);
}

static FRAME int opens_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	after = fd;
	return fd;
}

static FRAME int opens_file(int flags)
{
	int fd = open("/proc/self/comm", flags);

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

static void hidden(void)
{
	raw_call(SYS_close, STDOUT_FILENO, 0, 0, 0);
	if (opens() != STDOUT_FILENO)
		errx(1, "the file is not at 1");
	closes_first(STDOUT_FILENO);
	fclose(stdout);
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

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} ways[] = {
		{"file", file},
		{"late", late},
		{"directory", directory},
		{"stale", stale},
		{"standard", standard},
		{"stdio", stdio},
		{"database", database},
		{"unreadable", unreadable},
		{"everything", everything},
		{"first", first},
		{"numbers", numbers},
		{"reused", reused},
		{"hidden", hidden},
		{"daemon", daemon_reopens},
		{"logs", logs},
		{"safer", safer},
	};

	for (size_t i = 0; argc == 2 && i < sizeof(ways) / sizeof(*ways); i++)
		if (strcmp(ways[i].name, argv[1]) == 0) {
			ways[i].run();
			return 0;
		}
	errx(2, "usage: misuse_owners WAY");
}
