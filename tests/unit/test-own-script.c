// SPDX-License-Identifier: MIT
/* Which descriptor is the script that a shell reads, and so no leak. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/reader/reader.h"
#include "tools/run/own_script.h"

static char folder[] = "/tmp/fdtrail-script-XXXXXX";
static char script[64], alias[64];

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(script, sizeof(script), "%s/real.sh", folder);
	snprintf(alias, sizeof(alias), "%s/alias", folder);
	FILE *file = fopen(script, "we");
	return file && fclose(file) == 0 ? symlink(script, alias) : -1;
}

static int end(void **state)
{
	(void)state;
	unlink(alias);
	unlink(script);
	return rmdir(folder);
}

/* Whether a program with this command line and one group of this descriptor counts as a shell
 * with its script. */
static bool is_script(const char *command, const char *groups, const char *descriptor)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "fdtrail snapshot, format 1\nwhy: test\nprocess: 7 sh, user 0\ncommand: "
		 "%s\n\ngroup 1: "
		 "%s, opened in main\n"
		 "  opened at:\n    #0 0x000000001234 in main (/bin/dash+0x1234)\n  descriptors:\n "
		 "   %s\n\n"
		 "end of fdtrail snapshot, format 1\n",
		 command, groups, descriptor);
	FILE *in = fmemopen(text, strlen(text), "r");
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);

	assert_non_null(snapshot);
	assert_int_equal(snapshot->group_count, 1);
	own_script_leave_out(snapshot);
	bool left_out = snapshot->group_count == 0;
	model_destroy(snapshot);
	reader_destroy(reader);
	fclose(in);
	return left_out;
}

static const char *described(const char *format, const char *path)
{
	static char text[256];

	snprintf(text, sizeof(text), format, path);
	return text;
}

#define GOOD "10 file %s, read, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)"

static void only_a_shells_script_counts_as_one(void **state)
{
	static const struct {
		const char *descriptor;
		bool is;
	} rows[] = {
		{GOOD, true},
		{"11 file %s, read, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)", true},
		{"255 file %s, read, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)", true},
		/* exec 3<file: low numbers are the script's own to use. */
		{"9 file %s, read, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)", false},
		{"3 file %s, read, position 0, size 9, age 1.0s, dup of 4, thread 7 (sh)", false},
		/* The file was opened at this number, not moved there; or it is written to; or
		 * children inherit it. */
		{"10 file %s, read, position 0, size 9, age 1.0s, thread 7 (sh)", false},
		{"10 file %s, write, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)", false},
		{"10 file %s, read-write, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh)",
		 false},
		{"10 file %s, read, position 0, size 9, age 1.0s, dup of 3, thread 7 (sh), no "
		 "close-on-exec",
		 false},
		{"10 directory %s, age 1.0s, dup of 3, thread 7 (sh)", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (is_script("/bin/sh real.sh", "1 file", described(rows[i].descriptor, script)) !=
		    rows[i].is)
			fail_msg("%s", rows[i].descriptor);
}

static void the_command_line_names_it(void **state)
{
	const char *descriptor = described(GOOD, script);
	char command[128];

	(void)state;
	assert_true(is_script("sh -e ../elsewhere/real.sh one two", "1 file", descriptor));
	snprintf(command, sizeof(command), "sh %s", alias);
	assert_true(is_script(command, "1 file", descriptor));
	assert_false(is_script("sh other.sh", "1 file", descriptor));
	assert_false(is_script("real.sh", "1 file", descriptor));
	assert_false(is_script("sh real.sh.bak", "1 file", descriptor));
	/* If the group has several descriptors, one of them is a leak. */
	assert_false(is_script("sh real.sh", "2 files", descriptor));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "only a shell's script counts as one",
		 .test_func = only_a_shells_script_counts_as_one},
		{.name = "the command line names it, or a link to it",
		 .test_func = the_command_line_names_it},
	};

	return cmocka_run_group_tests_name("own-script", tests, begin, end);
}
