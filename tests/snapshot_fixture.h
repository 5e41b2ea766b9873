// SPDX-License-Identifier: MIT
/*
 * Shared by the tests of preload/core/snapshot: a ledger filled by hand, descriptors that are
 * really open in the test's own process, a snapshot of both, and checks of its text.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/snapshot/kind.h"
#include "preload/core/snapshot/snapshot.h"

/* A function with its name in the program's symbols, for frames. */
#define FUNCTION(name)                                                                             \
	__attribute__((noinline)) int name(int value);                                             \
	int name(int value)                                                                        \
	{                                                                                          \
		__asm__ volatile("" : "+r"(value));                                                \
		return value + 1;                                                                  \
	}

enum { FIXTURE_SLOTS = 65536 };

struct fixture {
	struct arena arena;
	struct ledger ledger;
	struct ledger_words before[FIXTURE_SLOTS];
	struct snapshot_request request;
	struct snapshot_result result;
	uint32_t module; /* the test program itself */
	uintptr_t bias;
	char *text;   /* the last snapshot's text */
	int kept[64]; /* closed when the test ends */
	int kept_count;
};

static inline uint64_t fixture_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline int fixture_take_bias(struct dl_phdr_info *info, size_t size, void *data)
{
	struct fixture *fixture = data;

	fixture->bias = info->dlpi_addr;
	return 1; /* the program is the first module */
}

static inline void fixture_note_inherited(int fd, void *data)
{
	struct fixture *fixture = data;

	ledger_opened(&fixture->ledger, fd,
		      &(struct ledger_entry){.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD});
}

/* A ledger that has everything that is open now as inherited, and a request for a snapshot. */
static inline struct fixture *fixture_create(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_true(ledger_init(&fixture->ledger, &fixture->arena));
	dl_iterate_phdr(fixture_take_bias, fixture);
	/* The module is the program itself, so it is read from /proc/self/exe, and needs no
	 * build-id. */
	fixture->module =
		module_table_add(&fixture->ledger.modules, "/proc/self/exe", (const uint8_t *)"", 0,
				 fixture->bias, fixture->bias, fixture->bias + 4096);
	fixture->ledger.modules.modules[fixture->module].is_main = true;
	fixture->ledger.modules.modules[fixture->module].has_file = true;
	descriptors_each(fixture_note_inherited, fixture);
	fixture->request = (struct snapshot_request){
		.ledger = &fixture->ledger,
		.before = fixture->before,
		.before_end = FIXTURE_SLOTS,
		.hidden = {-1, -1, -1, -1},
		.why = "a test",
		.number = 1,
		.pid = getpid(),
		.thread = getpid(),
		.program = "test-snapshot",
		.started_ms = fixture_now_ms(),
		.libunwind = "libunwind 9.9",
		.output = -1,
		.show = SNAPSHOT_SHOW_ALL,
		.kinds = KIND_ALL,
	};
	return fixture;
}

/* Has fd closed when the test ends; returns it. */
static inline int fixture_keep(struct fixture *fixture, int fd)
{
	assert_true(fixture->kept_count < (int)(sizeof(fixture->kept) / sizeof(*fixture->kept)));
	return fixture->kept[fixture->kept_count++] = fd;
}

static inline void fixture_destroy(struct fixture *fixture)
{
	while (fixture->kept_count)
		close(fixture->kept[--fixture->kept_count]);
	free(fixture->text);
	free(fixture);
}

/* The id of a stack whose frames are calls in these functions, innermost first; NULL ends the
 * list. */
static inline uint32_t fixture_stack(struct fixture *fixture, ...)
{
	frame_t frames[16];
	uint32_t depth = 0;
	va_list list;

	va_start(list, fixture);
	for (void *function; (function = va_arg(list, void *)) != NULL; depth++)
		frames[depth] =
			FRAME_MAKE(fixture->module, (uintptr_t)function - fixture->bias + 1);
	va_end(list);
	return stack_table_intern(&fixture->ledger.stacks, frames, depth, STACK_COMPLETE);
}

/* Records fd as opened now by stack. */
static inline void fixture_opened(struct fixture *fixture, int fd, uint32_t stack,
				  enum fd_kind kind)
{
	assert_true(fd >= 0);
	ledger_opened(&fixture->ledger, fd,
		      &(struct ledger_entry){
			      .stack = stack,
			      .kind = kind,
			      .thread = (uint32_t)getpid(),
			      .dup_of = LEDGER_NO_FD,
		      });
}

/* Copies the slots, as the runtime does before it has the kernel's table copied. */
static inline void fixture_copy_slots(struct fixture *fixture)
{
	memset(fixture->before, 0, sizeof(fixture->before));
	for (int fd = ledger_next(&fixture->ledger, 0); fd >= 0 && fd < FIXTURE_SLOTS;
	     fd = ledger_next(&fixture->ledger, fd + 1))
		ledger_read(&fixture->ledger, fd, NULL, &fixture->before[fd]);
}

/* Takes a snapshot with the slots copied before. Returns its text, which lives until the next one.
 */
static inline const char *fixture_take_again(struct fixture *fixture)
{
	int output = memfd_create("output", MFD_CLOEXEC);
	struct stat status;

	assert_true(output > 2);
	fixture->request.output = output;
	snapshot_take(&fixture->request, &fixture->result);
	assert_int_equal(fstat(output, &status), 0);
	free(fixture->text);
	fixture->text = calloc(1, (size_t)status.st_size + 1);
	assert_non_null(fixture->text);
	assert_int_equal(pread(output, fixture->text, (size_t)status.st_size, 0), status.st_size);
	close(output);
	return fixture->text;
}

static inline const char *fixture_take(struct fixture *fixture)
{
	fixture_copy_slots(fixture);
	return fixture_take_again(fixture);
}

static inline size_t times_in(const char *text, const char *words)
{
	size_t times = 0;

	for (const char *at = text; (at = strstr(at, words)) != NULL; at += strlen(words))
		times++;
	return times;
}

#define assert_says(text, words)                                                                   \
	do {                                                                                       \
		if (!strstr(text, words))                                                          \
			fail_msg("no \"%s\" in:\n%s", words, text);                                \
	} while (0)

#define assert_says_not(text, words)                                                               \
	do {                                                                                       \
		if (strstr(text, words))                                                           \
			fail_msg("\"%s\" in:\n%s", words, text);                                   \
	} while (0)

/* The line of descriptor fd after its number, "tcp 127.0.0.1:..."; "" if it is not listed. Lives
 * until the next call. */
static inline const char *line_of(const char *text, int fd)
{
	static char line[16384];
	char begin[32];

	snprintf(begin, sizeof(begin), "\n    %d ", fd);
	const char *at = strstr(text, begin);
	if (!at)
		return "";
	at += strlen(begin);
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
	return line;
}

#define assert_begins(text, words)                                                                 \
	do {                                                                                       \
		if (strncmp(text, words, strlen(words)) != 0)                                      \
			fail_msg("not \"%s\" but \"%s\"", words, text);                            \
	} while (0)
