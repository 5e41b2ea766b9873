// SPDX-License-Identifier: MIT
/* The request that follows from the options, and the way of a snapshot's text: to the output, or to
 * the roster of `fdtrail run`. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/policy/stderr_lines.h"
#include "preload/core/policy/triggered_snapshot.h"
#include "preload/core/snapshot/kind.h"

static const char text[] = "a snapshot\n";

/* An engine whose snapshots are the text above. */
static struct fake {
	struct options options;
	bool has_roster, needed;
	int error;       /* of the first snapshot that is written to a file */
	bool whole;      /* it was in memory before it was written */
	int taken, told; /* snapshots, and the errno that the roster was told */
	char in_roster[64];
	int stderr_copy;
} fake;

static char folder[] = "/tmp/fdtrail-triggered-XXXXXX";
static int own_stderr, messages;

static int write_to_roster(const struct writer_sink *sink, const void *bytes, size_t size)
{
	(void)sink;
	assert_int_equal(size, strlen(text));
	memcpy(fake.in_roster, bytes, size);
	return 0;
}

static const struct writer_sink *roster(int error, void *data)
{
	static const struct writer_sink sink = {.write = write_to_roster};

	assert_ptr_equal(data, &fake);
	fake.told = error;
	return fake.has_roster ? &sink : NULL;
}

static void take(struct snapshot_request *request, struct snapshot_result *result, void *data)
{
	struct snapshot_request with_output = *request;

	assert_ptr_equal(data, &fake);
	fake.taken++;
	*result = (struct snapshot_result){.needed = fake.needed, .unclosed = fake.needed};
	if (!fake.needed)
		return;
	if (request->open_output)
		request->open_output(&with_output, request->open_output_data);
	if (with_output.sink) {
		result->error = with_output.sink->write(with_output.sink, text, strlen(text));
		return;
	}
	if (with_output.output < 0)
		return;
	assert_true(with_output.output > 2 || !*fake.options.output);
	result->whole = fake.whole;
	result->error = fake.error;
	if (fake.error)
		return;
	assert_int_equal(write(with_output.output, text, strlen(text)), strlen(text));
	result->written = true;
}

static int open_stderr(void *data)
{
	assert_ptr_equal(data, &fake);
	return fake.stderr_copy = dup(own_stderr);
}

static struct triggered_engine engine = {
	.options = &fake.options, .take = take, .roster = roster, .data = &fake};

static int begin(void **state)
{
	(void)state;
	fake = (struct fake){.needed = true, .stderr_copy = -1};
	fake.options.show = OPTION_AUTO;
	fake.options.exit = true;
	engine.opens_first = false;
	engine.open_stderr = NULL;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return -1;
	own_stderr = dup(2);
	messages = open("messages", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	dup2(messages, 2);
	message_note_stderr();
	return 0;
}

static int end(void **state)
{
	char command[64];

	(void)state;
	dup2(own_stderr, 2);
	close(own_stderr);
	close(messages);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void output_is(const char *name)
{
	snprintf(fake.options.output, sizeof(fake.options.output), "%s/%s", folder, name);
}

static struct snapshot_result run(unsigned int flags)
{
	struct snapshot_request request;
	struct snapshot_result result = {0};

	triggered_request(&request, &fake.options, false, flags);
	request.pid = 1;
	request.program = "p";
	triggered_take(&engine, NULL, flags, &request, &result);
	return result;
}

static void expect_file(const char *name, const char *content)
{
	char found[256] = "";
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (!content) {
		assert_int_equal(fd, -1);
		return;
	}
	assert_true(fd >= 0);
	assert_true(read(fd, found, sizeof(found) - 1) >= 0);
	close(fd);
	if (*content)
		assert_non_null(strstr(found, content));
	else
		assert_string_equal(found, "");
}

static void a_request_follows_the_options(void **state)
{
	struct snapshot_request request;

	(void)state;
	fake.options.kinds = 5;
	fake.options.peaks = true;
	triggered_request(&request, &fake.options, false, TRIGGER_ONLY_UNCLOSED);
	assert_int_equal(request.show, 5);
	assert_int_equal(request.kinds, 5);
	assert_true(request.peaks && request.only_unclosed && !request.inherited);
	assert_int_equal(request.output, -1);
	assert_int_equal(request.hidden[SNAPSHOT_HIDDEN_MAX - 1], -1);
	triggered_request(&request, &fake.options, true, 0);
	assert_int_equal(request.show, SNAPSHOT_SHOW_ALL);
	assert_false(request.only_unclosed);
	output_is("file");
	triggered_request(&request, &fake.options, false, 0);
	assert_int_equal(request.show, SNAPSHOT_SHOW_ALL);
	fake.options.show = 3;
	triggered_request(&request, &fake.options, true, 0);
	assert_int_equal(request.show, 3);
	triggered_request(&request, NULL, false, 0);
	assert_int_equal(request.show, SNAPSHOT_SHOW_ALL);
	assert_int_equal(request.kinds, KIND_ALL);
	assert_true(request.inherited && !request.peaks);
}

static void the_last_snapshot_follows_the_options(void **state)
{
	struct options options = {.exit = true};

	(void)state;
	assert_int_equal(triggered_end_flags(&options), TRIGGER_ONLY_UNCLOSED);
	options.peaks = true;
	assert_int_equal(triggered_end_flags(&options), 0);
	options = (struct options){.verbose = true};
	assert_int_equal(triggered_end_flags(&options), TRIGGER_COUNT_ONLY);
}

static void the_text_goes_to_the_output(void **state)
{
	(void)state;
	output_is("file");
	for (int first = 0; first < 2; first++) {
		engine.opens_first = first;
		assert_true(run(0).written);
		expect_file("file", text);
		unlink("file");
	}
	assert_int_equal(fake.taken, 2);
	expect_file("messages", "");
	fake.options.output[0] = '\0';
	assert_true(run(0).written);
	expect_file("messages", text);
}

static void a_closed_standard_stream_is_not_the_output(void **state)
{
	int before = dup(0);

	(void)state;
	output_is("file");
	close(0);
	assert_true(run(0).written);
	expect_file("file", text);
	dup2(before, 0);
	close(before);
}

static void the_roster_takes_a_text_that_no_file_takes(void **state)
{
	(void)state;
	output_is("missing/file");
	fake.has_roster = true;
	for (int first = 0; first < 2; first++) {
		engine.opens_first = first;
		assert_int_equal(run(0).error, 0);
		assert_string_equal(fake.in_roster, text);
		assert_int_equal(fake.told, ENOENT);
		memset(fake.in_roster, 0, sizeof(fake.in_roster));
	}
	expect_file("messages", "");
}

static void a_text_that_was_cut_is_taken_again_for_the_roster(void **state)
{
	(void)state;
	output_is("file");
	fake.error = ENOSPC;
	fake.has_roster = true;
	assert_int_equal(run(0).error, 0);
	assert_string_equal(fake.in_roster, text);
	assert_int_equal(fake.taken, 2);
	assert_int_equal(fake.told, ENOSPC);
	/* The writer has offered a whole text to the roster by itself. */
	fake.whole = true;
	assert_int_equal(run(0).error, ENOSPC);
	assert_int_equal(fake.taken, 3);
	expect_file("messages", "can't write the whole snapshot to ");
}

static void a_text_that_nothing_takes_is_one_line(void **state)
{
	(void)state;
	output_is("missing/file");
	for (int first = 0; first < 2; first++) {
		engine.opens_first = first;
		assert_int_equal(run(0).error, ENOENT);
		expect_file("messages", "can't write a snapshot to ");
		assert_int_equal(ftruncate(messages, 0), 0);
		lseek(messages, 0, SEEK_SET);
	}
}

static void where_nothing_is_to_be_written_nothing_fails(void **state)
{
	(void)state;
	fake.needed = false;
	output_is("file");
	assert_int_equal(run(TRIGGER_ONLY_UNCLOSED).error, 0);
	expect_file("file", NULL);
	output_is("missing/file");
	engine.opens_first = true;
	assert_int_equal(run(TRIGGER_ONLY_UNCLOSED).error, 0);
	expect_file("messages", "");
}

static void a_count_writes_nothing(void **state)
{
	(void)state;
	output_is("file");
	assert_int_equal(run(TRIGGER_COUNT_ONLY).unclosed, 1);
	expect_file("file", NULL);
	assert_int_equal(fake.taken, 1);
}

static void the_copy_of_a_stderr_is_closed(void **state)
{
	(void)state;
	engine.opens_first = true;
	engine.open_stderr = open_stderr;
	own_stderr = dup2(messages, own_stderr);
	assert_true(run(0).written);
	assert_true(fake.stderr_copy > 2);
	assert_int_equal(fcntl(fake.stderr_copy, F_GETFD), -1);
	expect_file("messages", text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		TEST("a request follows the options", a_request_follows_the_options),
		TEST("the last snapshot follows the options",
		     the_last_snapshot_follows_the_options),
		TEST("the text goes to the output", the_text_goes_to_the_output),
		TEST("the output never takes the number of a closed standard stream",
		     a_closed_standard_stream_is_not_the_output),
		TEST("the roster takes a text that no file takes",
		     the_roster_takes_a_text_that_no_file_takes),
		TEST("a text that was cut is taken again for the roster",
		     a_text_that_was_cut_is_taken_again_for_the_roster),
		TEST("a text that nothing takes is one line on stderr",
		     a_text_that_nothing_takes_is_one_line),
		TEST("if nothing is to be written, no file is made and nothing fails",
		     where_nothing_is_to_be_written_nothing_fails),
		TEST("a count writes nothing", a_count_writes_nothing),
		TEST("the copy of a program's stderr is closed", the_copy_of_a_stderr_is_closed),
	};

	return cmocka_run_group_tests_name("triggered-snapshot", tests, NULL, NULL);
}
