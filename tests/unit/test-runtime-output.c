// SPDX-License-Identifier: MIT
/* The files that snapshots are written to: how they are named, and which are refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/policy/snapshot_output.h"
#include "../skip.h"

enum { STRANGER = 54321 };

static struct options options;
static struct output_failure failure;
static char folder[] = "/tmp/fdtrail-output-XXXXXX";

static int begin(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

/* Opens the file that the pattern names. */
static int open_output(const char *pattern)
{
	const struct snapshot_request request = {.pid = 4711, .number = 12, .program = "a/b c"};

	snprintf(options.output, sizeof(options.output), "%s", pattern);
	return output_open(&options, &request, &failure);
}

static void expect_refused(const char *pattern, int error, const char *reason)
{
	assert_int_equal(open_output(pattern), -1);
	assert_int_equal(failure.error, error);
	if (reason)
		assert_non_null(strstr(failure.reason, reason));
	assert_false(failure.silent);
}

static void expect_name(const char *pattern, const char *name)
{
	struct stat status;
	int fd = open_output(pattern);

	assert_true(fd > 2);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_APPEND);
	close(fd);
	assert_int_equal(access(name, F_OK), 0);
	unlink(name);
}

/* This second, as the C library formats it. Not by time(2): its clock may lag behind the exact one
 * by a tick, into the second before. */
static void this_second(char *text, size_t size)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	strftime(text, size, "%Y%m%dT%H%M%SZ", gmtime(&now.tv_sec));
}

static void names_are_made_from_facts_about_the_process(void **state)
{
	struct utsname host;
	char name[256], before[32], after[32];
	int fd = -1;

	(void)state;
	expect_name("plain", "plain");
	expect_name("s.%p.%n", "s.4711.12");
	expect_name("%%p%x%", "%px");
	/* A slash in the program's name does not lead into another folder. */
	expect_name("of %e", "of a_b c");
	uname(&host);
	snprintf(name, sizeof(name), "on-%s", host.nodename);
	expect_name("on-%h", name);
	do {
		this_second(before, sizeof(before));
		if (fd >= 0) {
			close(fd);
			unlink(before);
		}
		fd = open_output("%t");
		this_second(after, sizeof(after));
	} while (strcmp(before, after) != 0);
	assert_true(fd > 2);
	close(fd);
	assert_int_equal(access(before, F_OK), 0);
}

static void a_name_that_leads_elsewhere_is_refused(void **state)
{
	(void)state;
	close(open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(symlink("file", "link"), 0);
	expect_refused("link", ELOOP, NULL);
	assert_int_equal(link("file", "second"), 0);
	expect_refused("file", EACCES, "second name");
	assert_int_equal(unlink("second"), 0);
	assert_int_equal(close(open_output("file")), 0);
}

static void anything_but_a_regular_file_is_refused(void **state)
{
	int reader;

	(void)state;
	assert_int_equal(mkdir("folder", 0700), 0);
	expect_refused("folder", EISDIR, NULL);
	expect_refused("file/below", ENOENT, NULL);
	/* A pipe is refused only as long as nobody reads it. */
	assert_int_equal(mkfifo("pipe", 0600), 0);
	expect_refused("pipe", ENXIO, NULL);
	reader = open("pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(close(open_output("pipe")), 0);
	close(reader);
}

static void a_file_of_another_user_is_refused(void **state)
{
	int reader;

	(void)state;
	if (geteuid() != 0)
		SKIP("only root can give a file away");
	close(open("theirs", O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
	assert_int_equal(chown("theirs", STRANGER, STRANGER), 0);
	expect_refused("theirs", EACCES, "another user");
	assert_int_equal(mkfifo("their pipe", 0666), 0);
	assert_int_equal(chown("their pipe", STRANGER, STRANGER), 0);
	reader = open("their pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	expect_refused("their pipe", EACCES, NULL);
	close(reader);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		TEST("names are made from facts about the process",
		     names_are_made_from_facts_about_the_process),
		TEST("a name that leads elsewhere is refused",
		     a_name_that_leads_elsewhere_is_refused),
		TEST("anything but a regular file is refused",
		     anything_but_a_regular_file_is_refused),
		TEST("a file of another user is refused", a_file_of_another_user_is_refused),
	};

	return cmocka_run_group_tests_name("runtime-output", tests, NULL, NULL);
}
