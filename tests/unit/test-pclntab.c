// SPDX-License-Identifier: MIT
/*
 * Go's function table in each of its formats, and in damaged files. real/test_go.py compares the
 * results for real programs with those of Go's own tools.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../go_file.h"

static const enum pclntab_version versions[] = {PCLNTAB_GO_1_16, PCLNTAB_GO_1_18, PCLNTAB_GO_1_20};
enum { VERSIONS = sizeof(versions) / sizeof(*versions) };

static struct go_file file;

static struct pclntab *table_of(enum pclntab_version version)
{
	struct pclntab *table;

	go_file_make(&file, version);
	table = pclntab_create(file.bytes, sizeof(file.bytes));
	assert_non_null(table);
	assert_int_equal(pclntab_version(table), version);
	return table;
}

static void functions_are_found_by_address(void **state)
{
	for (int i = 0; i < VERSIONS; i++) {
		struct pclntab *table = table_of(versions[i]);
		static const char *const names[] = {"runtime.goexit", "main.inner"};
		struct pclntab_function function;
		uint64_t entries[2];

		assert_false(pclntab_find(table, GO_FILE_TEXT - 1, &function));
		assert_true(pclntab_find(table, GO_FILE_TEXT, &function));
		assert_string_equal(function.name, "main.main");
		assert_int_equal(function.entry, GO_FILE_TEXT);
		assert_int_equal(function.end, GO_FILE_TEXT + 0x40);
		assert_int_equal(function.flags, 0);
		assert_true(pclntab_find(table, GO_FILE_TEXT + 0x3f, &function));
		assert_string_equal(function.name, "main.main");
		assert_true(pclntab_find(table, GO_FILE_TEXT + 0x40, &function));
		assert_string_equal(function.name, "runtime.goexit");
		assert_int_equal(function.flags, PCLNTAB_TOP_FRAME);
		assert_false(pclntab_find(table, GO_FILE_END, &function));
		pclntab_entries(table, names, entries, 2);
		assert_int_equal(entries[0], GO_FILE_TEXT + 0x40);
		assert_int_equal(entries[1], 0);
		pclntab_destroy(table);
	}
}

static void lines_and_inlined_calls_are_found(void **state)
{
	for (int i = 0; i < VERSIONS; i++) {
		struct pclntab *table = table_of(versions[i]);
		struct pclntab_location found[4];

		assert_int_equal(pclntab_locations(table, GO_FILE_TEXT + 0xf, found, 4), 1);
		assert_string_equal(found[0].function, "main.main");
		assert_string_equal(found[0].file, "/src/main.go");
		assert_int_equal(found[0].line, 10);

		assert_int_equal(pclntab_locations(table, GO_FILE_TEXT + 0x1f, found, 4), 2);
		assert_string_equal(found[0].function, "main.inner");
		assert_int_equal(found[0].line, 100);
		assert_int_equal(found[0].call, GO_FILE_TEXT + 0xf);
		assert_string_equal(found[1].function, "main.main");
		assert_int_equal(found[1].call, 0);
		assert_int_equal(found[1].line, 10);

		assert_int_equal(pclntab_locations(table, GO_FILE_TEXT + 0x20, found, 4), 1);
		assert_int_equal(found[0].line, 12);
		assert_int_equal(pclntab_locations(table, GO_FILE_END, found, 4), 0);
		assert_int_equal(pclntab_locations(table, GO_FILE_TEXT + 0x1f, found, 1), 1);
		assert_string_equal(found[0].function, "main.main");
		pclntab_destroy(table);
	}
}

static void frame_sizes_are_found(void **state)
{
	for (int i = 0; i < VERSIONS; i++) {
		struct pclntab *table = table_of(versions[i]);
		struct pclntab_function function;

		assert_true(pclntab_find(table, GO_FILE_TEXT, &function));
		assert_int_equal(pclntab_frame_size(table, &function, GO_FILE_TEXT + 3), 0);
		assert_int_equal(pclntab_frame_size(table, &function, GO_FILE_TEXT + 4), 0x20);
		assert_int_equal(pclntab_frame_size(table, &function, GO_FILE_TEXT + 0x3f), 0x20);
		assert_int_equal(pclntab_frame_size(table, &function, GO_FILE_TEXT + 0x40), -1);
		pclntab_destroy(table);
	}
}

/* Makes every query of a file; the strings in the answers must be readable to their end. */
static void ask(const void *bytes, size_t size)
{
	struct pclntab *table = pclntab_create(bytes, size);
	struct pclntab_location found[PCLNTAB_LOCATIONS_MAX];
	struct pclntab_function function;
	size_t length = 0;

	for (uint64_t pc = GO_FILE_TEXT - 1; table && pc <= GO_FILE_END; pc += 3) {
		size_t count = pclntab_locations(table, pc, found, PCLNTAB_LOCATIONS_MAX);

		for (size_t i = 0; i < count; i++)
			length += strlen(found[i].function) +
				  (found[i].file ? strlen(found[i].file) : 0);
		if (pclntab_find(table, pc, &function))
			length += (size_t)pclntab_frame_size(table, &function, pc);
	}
	assert_true(length < SIZE_MAX);
	pclntab_destroy(table);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
	for (int i = 0; i < VERSIONS; i++)
		for (size_t size = 0; size < sizeof(file.bytes); size++) {
			/* The copy lies in memory of its own, so that a sanitizer notices a byte
			 * too many. */
			uint8_t *bytes = malloc(size ? size : 1);

			go_file_make(&file, versions[i]);
			memcpy(bytes, file.bytes, size);
			ask(bytes, size);
			free(bytes);
		}
}

static uint32_t random_state = 4711;

/* xorshift, G. Marsaglia 2003: the same numbers in every run. */
static uint32_t random_below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % limit;
}

static void a_damaged_file_does_no_harm(void **state)
{
	static const uint8_t bytes[] = {0, 1, 0x7f, 0x80, 0xff};

	for (int round = 0; round < 20000; round++) {
		go_file_make(&file, versions[round % VERSIONS]);
		for (uint32_t changes = 1 + random_below(6); changes; changes--) {
			/* Half of the changes hit the headers, which everything else depends on. */
			uint32_t at = random_below(random_below(2) ? 0x180 : GO_FILE_SIZE);
			file.bytes[at] = random_below(2) ? bytes[random_below(sizeof(bytes))]
							 : (uint8_t)random_below(256);
		}
		ask(file.bytes, sizeof(file.bytes));
	}
}

static void gos_own_functions_are_known_by_their_names(void **state)
{
	static const char *const standard[] = {
		"runtime.main",
		"net/http.(*persistConn).roundTrip",
		"vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
		"sync.(*Once).doSlow",
		"internal/poll.(*FD).Accept",
		"crypto/tls.(*Conn).Handshake",
		"slices.SortFunc[go.shape.*example.org/x.T]",
		"type:.eq.[2]interface {}",
		"go:buildid",
		"_rt0_amd64_linux",
		"runtime/internal/syscall.Syscall6",
		"golang.org/x/net/http2.(*ClientConn).RoundTrip",
	};
	static const char *const own[] = {
		"main.main",
		"main.(*Server).Disconnect-fm",
		"broker.example/api.(*Client).CloseConnection",
		"github.com/evanw/esbuild/pkg/api.(*hackListener).Accept",
		"golang.org/x/net/html.Parse",
		"networks.Dial",
		"net_tools/dial.Dial",
		"n.f",
	};

	for (size_t i = 0; i < sizeof(standard) / sizeof(*standard); i++)
		assert_true(pclntab_is_standard(standard[i]));
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		assert_false(pclntab_is_standard(own[i]));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "functions are found by address",
		 .test_func = functions_are_found_by_address},
		{.name = "lines and inlined calls are found",
		 .test_func = lines_and_inlined_calls_are_found},
		{.name = "frame sizes are found", .test_func = frame_sizes_are_found},
		{.name = "a file cut anywhere does no harm",
		 .test_func = a_file_cut_anywhere_does_no_harm},
		{.name = "a damaged file does no harm", .test_func = a_damaged_file_does_no_harm},
		{.name = "Go's own functions are known by their names",
		 .test_func = gos_own_functions_are_known_by_their_names},
	};

	return cmocka_run_group_tests_name("pclntab", tests, NULL, NULL);
}
