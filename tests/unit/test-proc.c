// SPDX-License-Identifier: MIT
/* The answers of /proc, and what it withholds. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/snapshot/proc.h"
#include "../skip.h"

enum { NOBODY = 54321, ANSWERS = 1 };

static void a_number_is_open_closed_or_not_known(void **state)
{
	int fd = memfd_create("open", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(proc_fd_open(getpid(), fd), 1);
	assert_int_equal(proc_fd_open(PROC_SELF, fd), 1);
	assert_int_equal(proc_fd_open(getpid(), 100000), 0);
	close(fd);
	assert_int_equal(proc_fd_open(getpid(), fd), 0);
	/* No such process: pids end at 2^22. */
	assert_int_equal(proc_fd_open(1 << 23, 3), -1);
}

/* The kernel hides a process that is not dumpable from other users. */
static void a_descriptor_that_others_may_not_see_does_not_count_as_closed(void **state)
{
	int status, ready[2], done[2];
	char byte;

	(void)state;
	if (geteuid() != 0)
		SKIP("only root can become another user");
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(done), 0);
	pid_t private = fork();
	if (private == 0) {
		close(done[1]);
		prctl(PR_SET_DUMPABLE, 0);
		_exit(write(ready[1], "x", 1) != 1 || read(done[0], &byte, 1) != 0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	pid_t other = fork();
	if (other == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(9);
		_exit(proc_fd_open(private, 0) + ANSWERS);
	}
	assert_int_equal(waitpid(other, &status, 0), other);
	close(done[1]);
	waitpid(private, NULL, 0);
	close(done[0]);
	close(ready[0]);
	close(ready[1]);
	assert_int_equal(WEXITSTATUS(status) - ANSWERS, -1);
}

struct lines {
	char text[256];
	size_t count;
};

static void take(const char *line, size_t length, void *data)
{
	struct lines *lines = data;

	lines->count++;
	snprintf(lines->text + strlen(lines->text), sizeof(lines->text) - strlen(lines->text),
		 "%.*s;", (int)(length < 8 ? length : 8), line);
}

/* A file with a line of size letters between short lines. */
static enum proc_reading read_around(size_t size, size_t limit, struct lines *lines)
{
	char path[64];
	char *longest = malloc(size + 1);
	int fd = memfd_create("lines", MFD_CLOEXEC);

	memset(longest, 'x', size);
	assert_int_equal(write(fd, "one\ntwo\n", 8), 8);
	assert_int_equal(write(fd, longest, size), (ssize_t)size);
	assert_int_equal(write(fd, "\nthree\nfour\n", 12), 12);
	free(longest);
	*lines = (struct lines){0};
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	enum proc_reading reading = proc_each_line(path, limit, take, lines);
	close(fd);
	return reading;
}

static void a_line_that_is_too_long_does_not_spoil_the_next_ones(void **state)
{
	struct lines lines;

	(void)state;
	for (size_t size = 4000; size < 20000; size += 61) {
		assert_int_equal(read_around(size, 1 << 20, &lines), PROC_WHOLE);
		assert_string_equal(lines.text, size <= 4096 && lines.count == 5
							? "one;two;xxxxxxxx;three;four;"
							: "one;two;three;four;");
	}
	assert_int_equal(read_around(3, 1 << 20, &lines), PROC_WHOLE);
	assert_string_equal(lines.text, "one;two;xxx;three;four;");
	assert_int_equal(read_around(10000, 1000, &lines), PROC_CUT);
	assert_int_equal(proc_each_line("/proc/self/nothing", 1000, take, &lines), PROC_UNREADABLE);
}

static void a_number_is_read_after_its_key(void **state)
{
	static const struct {
		const char *line, *key;
		unsigned int base;
		bool good;
		uint64_t value;
	} rows[] = {
		{"pos:\t4711", "pos:", 10, true, 4711},
		{"pos:\t0", "pos:", 10, true, 0},
		{"flags:\t02000002", "flags:", 8, true, 0x80002},
		{"mask: ff", "mask:", 16, true, 255},
		{"pos:", "pos:", 10, false, 0},
		{"pos:\tx", "pos:", 10, false, 0},
		{"position:\t1", "pos:", 10, false, 0},
		{"po", "pos:", 10, false, 0},
		{"12 rest", "", 10, true, 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t value = 0;

		assert_int_equal(proc_field(rows[i].line, strlen(rows[i].line), rows[i].key,
					    rows[i].base, &value),
				 rows[i].good);
		if (rows[i].good)
			assert_int_equal(value, rows[i].value);
	}
}

static void paths_are_those_of_the_process(void **state)
{
	char path[PROC_PATH_SIZE];

	(void)state;
	assert_string_equal(proc_fd_path(path, 4194303, 1073741823), "/proc/4194303/fd/1073741823");
	assert_string_equal(proc_fd_path(path, PROC_SELF, 0), "/proc/self/fd/0");
	assert_string_equal(proc_fdinfo_path(path, 4194303, 1073741823),
			    "/proc/4194303/fdinfo/1073741823");
	assert_string_equal(proc_task_path(path, 4194303, 4194302, "schedstat"),
			    "/proc/4194303/task/4194302/schedstat");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a number is open, closed or not known",
		 .test_func = a_number_is_open_closed_or_not_known},
		{.name = "a descriptor that others may not see does not count as closed",
		 .test_func = a_descriptor_that_others_may_not_see_does_not_count_as_closed},
		{.name = "a line that is too long does not spoil the next ones",
		 .test_func = a_line_that_is_too_long_does_not_spoil_the_next_ones},
		{.name = "a number is read after its key",
		 .test_func = a_number_is_read_after_its_key},
		{.name = "paths are those of the process",
		 .test_func = paths_are_those_of_the_process},
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
