// SPDX-License-Identifier: MIT
/*
 * The words of the snapshot: names from outside are escaped and can be read back, numbers and
 * addresses have their usual form, and writing never hangs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/snapshot/address.h"
#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/escape_text.h"
#include "preload/core/snapshot/sort.h"
#include "preload/core/snapshot/writer.h"

static struct writer writer;
static int output;
static char written[128 * 1024];

static int begin(void **state)
{
	output = memfd_create("output", MFD_CLOEXEC);
	writer_open(&writer, output, NULL);
	return 0;
}

static int end(void **state)
{
	return close(output);
}

/* The text that was put since the last call. */
static const char *text(void)
{
	assert_true(writer_close(&writer));
	ssize_t size = pread(output, written, sizeof(written) - 1, 0);
	assert_true(size >= 0);
	written[size] = '\0';
	assert_int_equal(ftruncate(output, 0), 0);
	lseek(output, 0, SEEK_SET);
	writer_open(&writer, output, NULL);
	return written;
}

static const char *word(const char *bytes, size_t size)
{
	put_word(&writer, bytes, size);
	return text();
}

#define WORD(literal) word(literal, sizeof(literal) - 1)

static void a_plain_word_is_written_as_it_is(void **state)
{
	assert_string_equal(WORD("/var/log/app.log"), "/var/log/app.log");
	assert_string_equal(WORD("gr\xc3\xbc\xc3\x9f\x65-\xe6\xbc\xa2-\xf0\x9f\x98\x80"),
			    "gr\xc3\xbc\xc3\x9f\x65-\xe6\xbc\xa2-\xf0\x9f\x98\x80");
}

static void a_word_with_blanks_or_marks_is_quoted(void **state)
{
	assert_string_equal(WORD(""), "\"\"");
	assert_string_equal(WORD("a b"), "\"a b\"");
	assert_string_equal(WORD("a,b"), "\"a,b\"");
	assert_string_equal(WORD("a(1)"), "\"a(1)\"");
	assert_string_equal(WORD("say \"x\""), "\"say \\\"x\\\"\"");
}

static void a_name_can_not_drive_a_terminal(void **state)
{
	assert_string_equal(WORD("\x1b[2J\r\n\t\x07\x7f\\"), "\\x1b[2J\\x0d\\n\\t\\x07\\x7f\\\\");
	/* C1 controls: CSI as one character; the same as a bare byte */
	assert_string_equal(WORD("\xc2\x9b"
				 "2J"),
			    "\\xc2\\x9b2J");
	assert_string_equal(WORD("\x9b"
				 "2J"),
			    "\\x9b2J");
	/* right-to-left override, zero-width space, line separator, tag */
	assert_string_equal(WORD("a\xe2\x80\xae"
				 "b"),
			    "a\\xe2\\x80\\xaeb");
	assert_string_equal(WORD("a\xe2\x80\x8b"
				 "b"),
			    "a\\xe2\\x80\\x8bb");
	assert_string_equal(WORD("a\xe2\x80\xa8"
				 "b"),
			    "a\\xe2\\x80\\xa8b");
	assert_string_equal(WORD("a\xf3\xa0\x81\x81"
				 "b"),
			    "a\\xf3\\xa0\\x81\\x81b");
}

static void bytes_that_are_not_utf8_are_escaped(void **state)
{
	assert_string_equal(WORD("\xff\xfe"), "\\xff\\xfe");
	assert_string_equal(WORD("\xc0\xaf"), "\\xc0\\xaf");          /* overlong */
	assert_string_equal(WORD("\xed\xa0\x80"), "\\xed\\xa0\\x80"); /* a surrogate */
	assert_string_equal(WORD("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
	assert_string_equal(WORD("a\xe2\x82"), "a\\xe2\\x82"); /* cut short */
	assert_string_equal(WORD("\xe2\x28\xa1"), "\"\\xe2(\\xa1\"");
}

/* Reads a word as README.md describes it. Returns the size of the bytes that it stands for. */
static size_t read_back(const char *word, char *bytes)
{
	size_t size = 0;
	const char *end = word + strlen(word);

	if (*word == '"') {
		word++;
		assert_true(end > word && end[-1] == '"');
		end--;
	}
	while (word < end) {
		if (*word != '\\') {
			bytes[size++] = *word++;
			continue;
		}
		switch (word[1]) {
		case 'x':
			bytes[size++] = (char)strtoul((char[]){word[2], word[3], 0}, NULL, 16);
			word += 4;
			break;
		case 'n':
			bytes[size++] = '\n';
			word += 2;
			break;
		case 't':
			bytes[size++] = '\t';
			word += 2;
			break;
		default:
			bytes[size++] = word[1];
			word += 2;
		}
	}
	return size;
}

static void any_bytes_are_read_back_without_loss(void **state)
{
	unsigned int random = 1;
	char bytes[64], back[64];

	for (int round = 0; round < 20000; round++) {
		size_t size = 0;
		random = random * 1103515245 + 12345;
		for (size_t wanted = random >> 16 & 31; size < wanted; size++) {
			random = random * 1103515245 + 12345;
			/* bytes with a meaning, more often than others */
			bytes[size] = random >> 28 < 6 ? "\\\" ,\n\x1b"[random >> 28]
						       : (char)(random >> 20);
		}
		const char *put = word(bytes, size);
		assert_null(strchr(put, '\n'));
		assert_int_equal(read_back(put, back), size);
		assert_memory_equal(back, bytes, size);
	}
}

static const char *duration(uint64_t ms)
{
	put_duration(&writer, ms);
	return text();
}

static void a_length_of_time_is_short_and_exact(void **state)
{
	assert_string_equal(duration(0), "0.0s");
	assert_string_equal(duration(59999), "59.9s");
	assert_string_equal(duration(60000), "1m00s");
	assert_string_equal(duration(242000), "4m02s");
	assert_string_equal(duration(3600000 + 62000), "1h01m02s");
	assert_string_equal(duration(UINT64_C(86400000) * 3 + 3600000 * 2 + 245000), "3d02h04m05s");
}

static void numbers_keep_their_digits(void **state)
{
	put_unsigned(&writer, UINT64_MAX);
	put_char(&writer, ' ');
	put_signed(&writer, INT64_MIN);
	put_char(&writer, ' ');
	put_hex(&writer, 0xab, 12);
	put_char(&writer, ' ');
	put_padded(&writer, 7, 3);
	assert_string_equal(text(), "18446744073709551615 -9223372036854775808 0x0000000000ab 007");
}

static const char *ipv6(const char *address)
{
	uint8_t bytes[16];

	assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
	put_inet(&writer, AF_INET6, bytes, htons(80), 0);
	return text();
}

static void ipv6_addresses_are_compressed_as_in_rfc_5952(void **state)
{
	static const char *const pairs[][2] = {
		{"::", "[::]:80"},
		{"::1", "[::1]:80"},
		{"1::", "[1::]:80"},
		{"2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:80"},
		{"2001:db8:0:0:0:0:2:1", "[2001:db8::2:1]:80"},
		{"2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:80"},
		{"2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:80"},
		{"2001:0DB8:0:0:0:0:0ABC:0", "[2001:db8::abc:0]:80"},
		{"fe80::1:0:0", "[fe80::1:0:0]:80"},
		{"0:0:1::", "[0:0:1::]:80"},
		{"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:80"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		assert_string_equal(ipv6(pairs[i][0]), pairs[i][1]);
}

static void a_link_local_address_keeps_its_scope(void **state)
{
	uint8_t bytes[16] = {0xfe, 0x80, [15] = 1};

	put_inet(&writer, AF_INET6, bytes, htons(65535), 7);
	assert_string_equal(text(), "[fe80::1%7]:65535");
}

static const char *unix_address(const char *path, size_t size)
{
	union {
		struct sockaddr_storage storage;
		struct sockaddr_un un;
	} address = {.un.sun_family = AF_UNIX};

	memcpy(address.un.sun_path, path, size);
	put_address(&writer, &address.storage,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size));
	return text();
}

static void different_unix_addresses_have_different_text(void **state)
{
	char longest[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	assert_string_equal(unix_address("", 0), "unnamed");
	assert_string_equal(unix_address("/run/x.sock", 12), "/run/x.sock");
	assert_string_equal(unix_address("\0name", 5), "@name");
	assert_string_equal(unix_address("\0a\0b", 4), "@a\\x00b");
	assert_string_equal(unix_address("\0a b", 4), "@\"a b\"");
	assert_string_equal(unix_address("unnamed", 8), "\"unnamed\"");
	assert_string_equal(unix_address("@name", 6), "\"@name\"");
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	assert_int_equal(strlen(unix_address(longest, sizeof(longest))), sizeof(longest));
}

static void every_kind_has_a_name_that_the_parser_accepts(void **state)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		uint64_t kinds;
		const char *bad;
		size_t length;

		assert_true(kind_parse(kind_name((enum kind)kind), &kinds, &bad, &length));
		assert_true(kinds == KIND_BIT(kind));
		assert_string_not_equal(kind_noun((enum kind)kind, 1), "");
		assert_string_not_equal(kind_noun((enum kind)kind, 2),
					kind_noun((enum kind)kind, 1));
	}
}

static void kinds_can_be_listed(void **state)
{
	uint64_t kinds = 0;
	const char *bad;
	size_t length;

	assert_true(kind_parse("tcp,file,tcp", &kinds, &bad, &length));
	assert_true(kinds == (KIND_BIT(KIND_TCP) | KIND_BIT(KIND_FILE)));
	assert_true(kind_parse("all", &kinds, &bad, &length));
	assert_true(kinds == KIND_ALL);
	assert_true(kind_parse("sockets,epoll", &kinds, &bad, &length));
	assert_true(kinds ==
		    (KIND_BIT(KIND_TCP) | KIND_BIT(KIND_UDP) | KIND_BIT(KIND_UNIX) |
		     KIND_BIT(KIND_NETLINK) | KIND_BIT(KIND_SOCKET) | KIND_BIT(KIND_EPOLL)));
}

static void an_unknown_kind_is_named_in_the_error(void **state)
{
	static const struct {
		const char *list, *bad;
	} cases[] = {
		{"tpc", "tpc"}, {"tcp,fiel,udp", "fiel"}, {"", ""},       {"tcp,", ""},
		{",tcp", ""},   {"tcp, udp", " udp"},     {"TCP", "TCP"}, {"tcpx", "tcpx"},
		{"tc", "tc"},   {"all,none", "none"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t kinds = 77;
		const char *bad = NULL;
		size_t length = 99;

		assert_false(kind_parse(cases[i].list, &kinds, &bad, &length));
		assert_int_equal(length, strlen(cases[i].bad));
		assert_memory_equal(bad, cases[i].bad, length);
	}
}

static int compare_ints(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static void sorting_puts_everything_in_order(void **state)
{
	int values[1000];
	void *items[1000];
	unsigned int random = 7;

	for (size_t count = 0; count <= 1000; count = count * 3 / 2 + 1) {
		for (size_t i = 0; i < count; i++) {
			random = random * 1103515245 + 12345;
			values[i] = (int)(random >> 16) % 300;
			items[i] = &values[i];
		}
		sort_pointers(items, count, compare_ints);
		for (size_t i = 1; i < count; i++)
			assert_true(compare_ints(items[i - 1], items[i]) <= 0);
	}
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Writes far more than fits into a descriptor that nobody reads; returns the milliseconds that
 * took. */
static uint64_t overfill(int fd)
{
	static struct writer full;
	static const char block[64 * 1024];
	uint64_t started = now_ms();

	writer_open(&full, fd, NULL);
	full.patience_ms = 50;
	for (int i = 0; i < 256; i++)
		writer_put(&full, block, sizeof(block));
	assert_false(writer_close(&full));
	assert_int_equal(full.error, ETIMEDOUT);
	return now_ms() - started;
}

static void a_full_pipe_is_given_up_and_keeps_its_flags(void **state)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_true(overfill(ends[1]) < 3000);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
}

static void a_full_socket_is_given_up_and_keeps_its_flags(void **state)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	assert_true(overfill(ends[1]) < 3000);
	assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
	close(ends[0]);
	close(ends[1]);
}

static void a_full_terminal_is_given_up(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0);
	assert_true(overfill(terminal) < 3000);
	close(terminal);
	close(master);
}

static void a_reader_that_goes_away_is_an_error_and_no_signal(void **state)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	close(ends[0]);
	struct writer *closed = calloc(1, sizeof(*closed));
	writer_open(closed, ends[1], NULL);
	put_string(closed, "lost");
	assert_false(writer_close(closed));
	assert_int_equal(closed->error, EPIPE);
	close(ends[1]);
	free(closed);
}

static void a_full_disk_is_an_error(void **state)
{
	int full = open("/dev/full", O_WRONLY);
	struct writer *closed = calloc(1, sizeof(*closed));

	assert_true(full >= 0);
	writer_open(closed, full, NULL);
	put_string(closed, "lost");
	assert_false(writer_close(closed));
	assert_int_equal(closed->error, ENOSPC);
	close(full);
	free(closed);
}

static void a_number_that_is_not_open_is_an_error(void **state)
{
	struct writer *closed = calloc(1, sizeof(*closed));

	writer_open(closed, 1 << 20, NULL);
	put_string(closed, "lost");
	assert_false(writer_close(closed));
	assert_int_equal(closed->error, EBADF);
	free(closed);
}

static void more_than_the_buffer_holds_arrives_whole(void **state)
{
	size_t size = 3 * 1024 * 1024 + 17;
	char *sent = malloc(size), *got = malloc(size);

	for (size_t i = 0; i < size; i++)
		sent[i] = (char)(i * 7 + i / 4096);
	for (size_t at = 0; at < size; at += 100000)
		writer_put(&writer, sent + at, size - at < 100000 ? size - at : 100000);
	assert_true(writer_close(&writer));
	assert_int_equal(pread(output, got, size, 0), size);
	assert_memory_equal(sent, got, size);
	writer_open(&writer, output, NULL);
	free(sent);
	free(got);
}

enum { LINES = 700, LINE_SIZE = 40, TEXT_SIZE = LINES * LINE_SIZE };

/* Writes LINES numbered lines of LINE_SIZE bytes each to a pipe. Returns the result of
 * writer_close. */
static bool write_lines(int fd)
{
	static struct writer lines;
	char line[LINE_SIZE + 1];

	writer_open(&lines, fd, NULL);
	lines.patience_ms = 50;
	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof(line), "%039d\n", i);
		writer_put(&lines, line, LINE_SIZE);
	}
	return writer_close(&lines);
}

static void text_is_not_torn_where_a_pipe_has_room(void **state)
{
	static char got[1024 * 1024];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fcntl(ends[1], F_SETPIPE_SZ, sizeof(got)), sizeof(got));
	for (int round = 0; round < 20; round++) {
		pid_t other = fork();

		if (other == 0)
			for (;;) {
				const struct timespec pause = {.tv_nsec = 20000};

				if (write(ends[1], "noise\n", 6) != 6)
					_exit(1);
				nanosleep(&pause, NULL);
			}
		assert_true(other > 0);
		assert_true(write_lines(ends[1]));
		assert_int_equal(kill(other, SIGKILL), 0);
		assert_int_equal(waitpid(other, NULL, 0), other);
		ssize_t size = read(ends[0], got, sizeof(got) - 1);
		assert_true(size >= TEXT_SIZE);
		got[size] = '\0';
		const char *begin = strchr(got, '0');
		assert_non_null(begin);
		assert_null(memchr(begin, 'n', TEXT_SIZE));
	}
	close(ends[0]);
	close(ends[1]);
}

static void text_is_torn_between_lines_where_a_pipe_has_little_room(void **state)
{
	static char got[64 * 1024];
	static const char filler[47 * 1024];
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], filler, sizeof(filler)), sizeof(filler));
	assert_false(write_lines(ends[1]));
	ssize_t size = read(ends[0], got, sizeof(got)) - (ssize_t)sizeof(filler);
	assert_true(size > 0);
	assert_int_equal(size % LINE_SIZE, 0);
	close(ends[0]);
	close(ends[1]);
}

static void text_to_a_socket_is_one_write(void **state)
{
	static char got[2 * TEXT_SIZE];
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_true(write_lines(ends[1]));
	assert_int_equal(recv(ends[0], got, sizeof(got), MSG_DONTWAIT), TEXT_SIZE);
	close(ends[0]);
	close(ends[1]);
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("a plain word is written as it is", a_plain_word_is_written_as_it_is),
		PROMISE("a word with blanks or marks is quoted",
			a_word_with_blanks_or_marks_is_quoted),
		PROMISE("a name cannot drive a terminal", a_name_can_not_drive_a_terminal),
		PROMISE("bytes that are not UTF-8 are escaped",
			bytes_that_are_not_utf8_are_escaped),
		PROMISE("any bytes are read back without loss",
			any_bytes_are_read_back_without_loss),
		PROMISE("a length of time is short and exact", a_length_of_time_is_short_and_exact),
		PROMISE("numbers keep their digits", numbers_keep_their_digits),
		PROMISE("IPv6 addresses are compressed as in RFC 5952",
			ipv6_addresses_are_compressed_as_in_rfc_5952),
		PROMISE("a link local address keeps its scope",
			a_link_local_address_keeps_its_scope),
		PROMISE("different unix addresses have different text",
			different_unix_addresses_have_different_text),
		PROMISE("every kind has a name that the parser accepts",
			every_kind_has_a_name_that_the_parser_accepts),
		PROMISE("kinds can be listed", kinds_can_be_listed),
		PROMISE("an unknown kind is named in the error",
			an_unknown_kind_is_named_in_the_error),
		PROMISE("sorting puts everything in order", sorting_puts_everything_in_order),
		PROMISE("a full pipe is given up and keeps its flags",
			a_full_pipe_is_given_up_and_keeps_its_flags),
		PROMISE("a full socket is given up and keeps its flags",
			a_full_socket_is_given_up_and_keeps_its_flags),
		PROMISE("a full terminal is given up", a_full_terminal_is_given_up),
		PROMISE("a reader that goes away is an error and no signal",
			a_reader_that_goes_away_is_an_error_and_no_signal),
		PROMISE("a full disk is an error", a_full_disk_is_an_error),
		PROMISE("a number that is not open is an error",
			a_number_that_is_not_open_is_an_error),
		PROMISE("more than the buffer holds arrives whole",
			more_than_the_buffer_holds_arrives_whole),
		PROMISE("text is not torn where a pipe has room for it",
			text_is_not_torn_where_a_pipe_has_room),
		PROMISE("text is torn between lines where a pipe has little room",
			text_is_torn_between_lines_where_a_pipe_has_little_room),
		PROMISE("text to a socket is one write", text_to_a_socket_is_one_write),
	};

	return cmocka_run_group_tests_name("snapshot words", tests, NULL, NULL);
}
