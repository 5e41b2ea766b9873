// SPDX-License-Identifier: MIT
/*
 * What the cases of the conformance set share. A case is a function that makes calls and says what
 * came back: result, errno, and at its end the number that the next open gets. The same program
 * runs bare and traced, and what it says must be the same, byte for byte; nothing is expected
 * beside that.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

struct test_case {
	const char *name;
	void (*run)(void);
	const char *closed; /* the standard descriptors that are closed when it begins: "0", "012",
			       .. */
};

/* A file of cases has one array of them: CASES(name) = {CASE(...), ...}; */
#define CASES(name) const struct test_case name[]
#define CASE(function)                                                                             \
	{                                                                                          \
		.name = #function, .run = function                                                 \
	}
#define CASE_WITHOUT(function, numbers)                                                            \
	{                                                                                          \
		.name = #function "_without_" numbers, .run = function, .closed = numbers          \
	}
#define END_OF_CASES                                                                               \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Writes a line to the number that is for nothing else. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Calls, and says what it returned and what is in errno, which was ERRNO_BEFORE. */
#define ERRNO_BEFORE EXDEV
#define CALL(call)                                                                                 \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		long result_ = (long)(call);                                                       \
		int errno_ = errno;                                                                \
		say("%s = %ld, %s", #call, result_, strerrorname_np(errno_));                      \
		errno = errno_;                                                                    \
		result_;                                                                           \
	})
/* The same where only whether the result is NULL can be said: an address differs from run to run.
 */
#define POINTER(call)                                                                              \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		__typeof__(call) result_ = (call);                                                 \
		int errno_ = errno;                                                                \
		say("%s = %s, %s", #call, result_ ? "something" : "NULL",                          \
		    strerrorname_np(errno_));                                                      \
		result_;                                                                           \
	})

/* Says which numbers are open, and what they are as far as that is always the same. */
void say_open(void);

/* Addresses that can't be read or written: nowhere, and right behind a page that can. */
#define NOWHERE ((void *)8)
void *end_of_page(size_t size);

/* From now on the call that is made is interrupted by signal every 20 ms, whose handler has these
 * flags. With SA_RESTART, complete() is called the second time, so that a call that was restarted
 * has its end. interrupted() ends it and says whether it has happened at all: how often depends on
 * the machine. */
void interrupt(int signal, int flags, void (*complete)(void));
void interrupted(void);

/* Runs function in a thread, cancels it once it waits, and says how it ended. */
void cancel_in(void *(*function)(void *data), void *data);
