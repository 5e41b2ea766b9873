// SPDX-License-Identifier: MIT
/* Cases of streams, directory streams and commands. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "case.h"

static void opens_streams(void)
{
	FILE *stream;

	POINTER(fopen("none", "r"));
	POINTER(fopen("none/none", "w"));
	POINTER(fopen("/dev/null", "?"));
	stream = POINTER(fopen("file", "w+e"));
	say("%d %d", fileno(stream), fcntl(fileno(stream), F_GETFD));
	CALL(fputs("text", stream));
	CALL(fclose(stream));
	stream = POINTER(fopen64("file", "a"));
	CALL(ftell(stream));
	CALL(fclose(stream));
	POINTER(fopen("file", "wx"));
	POINTER(fopen(".", "w"));
}

static void reopens_streams(void)
{
	FILE *stream = POINTER(fopen("/dev/null", "r"));
	int before = fileno(stream);

	stream = POINTER(freopen("/dev/zero", "r", stream));
	say("%d", fileno(stream) == before);
	CALL(fgetc(stream));
	stream = POINTER(freopen(NULL, "r", stream));
	say("%d", fileno(stream) == before);
	stream = POINTER(freopen64("/dev/null", "w", stream));
	CALL(fputs("text", stream));
	POINTER(freopen("none", "r", stream));
	say_open();
}

static void reopens_stdout(void)
{
	POINTER(freopen("file", "w", stdout));
	CALL(printf("text\n"));
	CALL(fflush(stdout));
	CALL(fileno(stdout));
	POINTER(freopen("none/none", "w", stdout));
	CALL(printf("text\n"));
	say_open();
}

static void makes_streams_of_numbers(void)
{
	int fd = open("/dev/null", O_RDONLY);
	FILE *stream;

	POINTER(fdopen(999, "r"));
	POINTER(fdopen(fd, "w"));
	POINTER(fdopen(fd, "?"));
	stream = POINTER(fdopen(fd, "r"));
	CALL(fileno(stream) == fd);
	CALL(fclose(stream));
	CALL(close(fd));
}

static void closes_streams(void)
{
	FILE *stream = fopen("/dev/full", "w"), *memory;
	char room[16];

	fputs("text", stream);
	CALL(fclose(stream));
	say_open();
	stream = fopen("/dev/null", "r");
	close(fileno(stream));
	CALL(fclose(stream));
	memory = fmemopen(room, sizeof(room), "w");
	CALL(fileno(memory));
	CALL(fclose(memory));
	CALL(fcloseall());
	say_open();
}

static void makes_temporary_streams(void)
{
	FILE *one = POINTER(tmpfile()), *two = POINTER(tmpfile64());

	say("%d %d", fileno(one), fileno(two));
	CALL(fclose(one));
	say_open();
}

static void reads_mount_tables(void)
{
	POINTER(setmntent("none", "r"));
	FILE *table = POINTER(setmntent("/proc/self/mounts", "r"));
	say("%d", getmntent(table) != NULL);
	CALL(endmntent(table));
	say_open();
}

static void reads_folders(void)
{
	DIR *dir = POINTER(opendir("/proc/self"));

	CALL(dirfd(dir));
	CALL(fcntl(dirfd(dir), F_GETFD));
	CALL(readdir(dir) != NULL);
	CALL(closedir(dir));
	POINTER(opendir("none"));
	POINTER(opendir(""));
	POINTER(opendir("/dev/null"));
	CALL(closedir(NULL));
}

static void reads_folders_by_number(void)
{
	int folder = open(".", O_RDONLY | O_DIRECTORY), file = open("/dev/null", O_RDONLY);

	POINTER(fdopendir(999));
	POINTER(fdopendir(file));
	DIR *dir = POINTER(fdopendir(folder));
	CALL(dirfd(dir) == folder);
	CALL(closedir(dir));
	CALL(close(folder));
}

static void runs_commands(void)
{
	char line[16] = "";
	FILE *command = POINTER(popen("echo hello; exit 3", "re"));

	say("%d", fileno(command));
	say("%s", fgets(line, sizeof(line), command));
	CALL(pclose(command));
	command = POINTER(popen("cat >file", "w"));
	CALL(fputs("text", command) >= 0);
	CALL(pclose(command));
	POINTER(popen("true", "?"));
	POINTER(popen("true", "rw"));
	command = POINTER(popen("none-such-command 2>/dev/null", "r"));
	CALL(pclose(command));
	CALL(system("exit 5"));
	CALL(system(NULL) != 0);
	say_open();
}

static void runs_two_commands_at_once(void)
{
	FILE *one = POINTER(popen("cat", "w")), *two = POINTER(popen("exit 4", "r"));

	say("%d %d", fileno(one), fileno(two));
	CALL(pclose(two));
	CALL(pclose(one));
}

static void flushes_at_the_end(void)
{
	FILE *stream = fopen("/proc/self/fd/9", "a");

	setvbuf(stream, NULL, _IOFBF, 4096);
	fputs("what a stream holds at the end\n", stream);
	say("before the end");
	exit(4);
}

CASES(streams) = {
	CASE(opens_streams),
	CASE(reopens_streams),
	CASE(reopens_stdout),
	CASE(makes_streams_of_numbers),
	CASE(closes_streams),
	CASE(makes_temporary_streams),
	CASE(reads_mount_tables),
	CASE(reads_folders),
	CASE(reads_folders_by_number),
	CASE(runs_commands),
	CASE(runs_two_commands_at_once),
	CASE(flushes_at_the_end),
	CASE_WITHOUT(opens_streams, "012"),
	CASE_WITHOUT(reopens_stdout, "1"),
	CASE_WITHOUT(runs_commands, "0"),
	CASE_WITHOUT(runs_commands, "012"),
	CASE_WITHOUT(reads_folders, "2"),
	END_OF_CASES,
};
