// SPDX-License-Identifier: MIT
/*
 * Shared by the cases of the conformance suite. A case is a function that makes calls and prints
 * their outcome: result, errno, and at its end the number that the next open gets. The same program
 * runs bare and traced, and must print the same, byte for byte; there are no other expectations.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../preload/core/base/errno_name.h"

struct test_case {
	const char *name;
	void (*run)(void);
	const char *closed; /* standard descriptors that are closed at its begin: "0", "012", ... */
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

/* Writes a line to the descriptor that is reserved for output. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Makes the call, and prints its result and errno, which was ERRNO_BEFORE. */
#define ERRNO_BEFORE EXDEV
#define CALL(call)                                                                                 \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		long result_ = (long)(call);                                                       \
		int errno_ = errno;                                                                \
		say("%s = %ld, %s", #call, result_, errno_name(errno_));                           \
		errno = errno_;                                                                    \
		result_;                                                                           \
	})
/* The same for a pointer, of which only NULL or not is printed, because addresses differ from
 * run to run. */
#define POINTER(call)                                                                              \
	({                                                                                         \
		errno = ERRNO_BEFORE;                                                              \
		__typeof__(call) result_ = (call);                                                 \
		int errno_ = errno;                                                                \
		say("%s = %s, %s", #call, result_ ? "something" : "NULL", errno_name(errno_));     \
		result_;                                                                           \
	})

/* Prints the open numbers, and what they are as far as that is the same in each run. */
void say_open(void);

/* Addresses that can't be read or written: an unmapped one, and the end of a mapped page. */
#define NOWHERE ((void *)8)
void *end_of_page(size_t size);

/* From now on the call is interrupted by signal every 20 ms; its handler has these flags. With
 * SA_RESTART the second signal calls complete(), so that a restarted call comes to an end.
 * interrupted() stops the signals and prints whether the call was interrupted at all, because
 * how often depends on the machine. */
void interrupt(int signal, int flags, void (*complete)(void));
void interrupted(void);

/* Runs function in a thread, cancels it once it waits, and prints how it ended. */
void cancel_in(void *(*function)(void *data), void *data);
