// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "preload/core/base/arena.h"
#include "preload/core/redact/ip_address.h"
#include "preload/core/redact/redact_text.h"
#include "preload/core/snapshot/writer.h"

static void same_as_libc(const char *text)
{
	uint8_t bytes[16], expected[16];
	bool four = inet_pton(AF_INET, text, expected) == 1;

	if (ipv4_parse(text, strlen(text), bytes) != four)
		fail_msg("IPv4: '%s'", text);
	if (four)
		assert_memory_equal(bytes, expected, 4);
	bool six = inet_pton(AF_INET6, text, expected) == 1;
	if (ipv6_parse(text, strlen(text), bytes) != six)
		fail_msg("IPv6: '%s'", text);
	if (six)
		assert_memory_equal(bytes, expected, 16);
}

static void addresses_are_those_of_inet_pton(void **state)
{
	static const char *const known[] = {
		"",
		"1.2.3.4",
		"0.0.0.0",
		"255.255.255.255",
		"256.1.1.1",
		"1.2.3",
		"1.2.3.4.5",
		"01.2.3.4",
		"1.2.3.04",
		"1..2.3",
		"1.2.3.4.",
		"::",
		":",
		"::1",
		"1::",
		":1",
		"1:",
		"1:2:3:4:5:6:7:8",
		"1:2:3:4:5:6:7",
		"1::2::3",
		":::",
		"1:::2",
		"::ffff:10.0.0.1",
		"::10.0.0.256",
		"12345::",
		"1:2:3:4:5:6:7:8:9",
		"1:2:3:4:5:6:1.2.3.4",
		"1:2:3:4:5:6:7:1.2.3.4",
		"1:2:3:4:5:6:7::",
		"::2:3:4:5:6:7:8",
		"1:2:3:4::5:6:7:8",
	};
	static const char alphabet[] = "0123abF::..";
	unsigned int seed = 7;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		same_as_libc(known[i]);
	for (int i = 0; i < 200000; i++) {
		char text[24];
		size_t length = (size_t)rand_r(&seed) % sizeof(text);

		for (size_t at = 0; at < length; at++)
			text[at] = alphabet[(size_t)rand_r(&seed) % (sizeof(alphabet) - 1)];
		text[length] = '\0';
		same_as_libc(text);
	}
}

/* Collects the pieces. */
struct collected {
	struct redact_output output;
	char text[256];
	size_t length;
};

static void collect(struct redact_output *output, const char *bytes, size_t size)
{
	struct collected *collected = (struct collected *)output;

	assert_true(collected->length + size < sizeof(collected->text));
	memcpy(collected->text + collected->length, bytes, size);
	collected->length += size;
}

static void becomes(struct substitutes *substitutes, const char *text, enum redact_form form,
		    const char *expected)
{
	struct collected collected = {.output.put = collect};

	redact_text(substitutes, text, form, "server", &collected.output);
	assert_string_equal(collected.text, expected);
}

static void the_same_name_is_the_same_word(void **state)
{
	struct substitutes *substitutes = substitutes_create();

	becomes(substitutes, "/home/ann/a/server", REDACT_PATH, "/home/user1/name1/server");
	becomes(substitutes, "to 10.0.0.1:80 and 10.0.0.2", REDACT_LINE,
		"to address1:80 and address2");
	becomes(substitutes, "10.0.0.2, ann-1, anna", REDACT_LINE, "address2, user1-1, anna");
	becomes(substitutes, "opened in ann", REDACT_SENTENCE, "opened in ann");
	becomes(substitutes, "process 1, user 1000", REDACT_LINE, "process 1, user2");
	assert_false(substitutes_failed(substitutes));
	substitutes_destroy(substitutes);
}

static void without_substitutes_each_kind_has_one_word(void **state)
{
	becomes(NULL, "/home/ann/a and /home/bob/b of 10.0.0.1", REDACT_LINE,
		"/home/user/name and /home/user/name of address");
}

static void our_own_words_stay(void **state)
{
	struct substitutes *substitutes = substitutes_create();

	redact_learn_argument(substitutes, "thread");
	redact_learn_argument(substitutes, "threads");
	redact_learn_host(substitutes, "tcp");
	becomes(substitutes, "3 tcp, thread 7, threads", REDACT_ABOUT_FD, "3 tcp, thread 7, arg2");
	substitutes_destroy(substitutes);
}

static int output;

static void a_held_text_is_written_whole_or_not_at_all(void **state)
{
	static struct writer writer;
	struct writer_text text;
	char line[4096];
	off_t before = lseek(output, 0, SEEK_END);
	struct rlimit limit, old;

	memset(line, 'x', sizeof(line));
	writer_open(&writer, output, NULL);
	writer_hold(&writer);
	for (int i = 0; i < 20 * 256; i++) /* more than a writer keeps otherwise */
		writer_put(&writer, line, sizeof(line));
	assert_int_equal(lseek(output, 0, SEEK_END), before);
	assert_true(writer_take(&writer, &text));
	assert_int_equal(text.used, 20 * 256 * sizeof(line));
	writer_put(&writer, text.bytes, 5);
	memory_unmap(text.bytes, text.size);
	assert_true(writer_close(&writer));
	assert_int_equal(lseek(output, 0, SEEK_END), before + 5);

	/* No more memory: nothing is written, and the error says why. */
	writer_open(&writer, output, NULL);
	writer_hold(&writer);
	writer_put(&writer, line, sizeof(line));
	assert_int_equal(getrlimit(RLIMIT_DATA, &old), 0);
	limit = old;
	limit.rlim_cur = 1;
	assert_int_equal(setrlimit(RLIMIT_DATA, &limit), 0);
	for (int i = 0; i < 2 * 256; i++)
		writer_put(&writer, line, sizeof(line));
	assert_false(writer_take(&writer, &text));
	setrlimit(RLIMIT_DATA, &old);
	assert_false(writer_close(&writer));
	assert_int_equal(writer.error, ENOMEM);
	assert_int_equal(lseek(output, 0, SEEK_END), before + 5);
}

int main(void)
{
	char path[] = "/tmp/test-redact-XXXXXX";

	output = mkstemp(path);
	unlink(path);
	static const struct CMUnitTest tests[] = {
		{.name = "addresses are those that inet_pton accepts",
		 .test_func = addresses_are_those_of_inet_pton},
		{.name = "the same name is the same word",
		 .test_func = the_same_name_is_the_same_word},
		{.name = "without substitutes each kind has one word",
		 .test_func = without_substitutes_each_kind_has_one_word},
		{.name = "fdtrail's own words stay", .test_func = our_own_words_stay},
		{.name = "a held text is written whole or not at all",
		 .test_func = a_held_text_is_written_whole_or_not_at_all},
	};
	return cmocka_run_group_tests_name("redact-text", tests, NULL, NULL);
}
