// SPDX-License-Identifier: MIT
/*
 * The values of options and arguments: one parser for each kind of value. A bad value ends the
 * program, after a message that says what is accepted: "fdtrail check: --show=some is not accepted:
 * a number, or all".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The verb whose command line is parsed. */
struct accept {
	const char *prefix; /* of messages: "fdtrail check: " */
	int trouble;        /* the exit status of wrong use */
};

enum { ACCEPT_ALL = -1 };

/* Ends the program, after a message. option stands before the value in it, as in "--show=".
 * accepted describes good values, or says why this one is bad. */
_Noreturn void accept_refuse(const struct accept *accept, const char *option, const char *value,
			     const char *accepted);

/* The same for a word of --format that is none of name_of(0) .. name_of(count - 1). It lists
 * them. */
_Noreturn void accept_refuse_format(const struct accept *accept, const char *name,
				    const char *(*name_of)(size_t index), size_t count);

/* A whole number from least to most; neither is negative. */
int64_t accept_number(const struct accept *accept, const char *option, const char *value,
		      int64_t least, int64_t most, const char *accepted);

/* A number from 0, or ACCEPT_ALL for "all". */
int accept_number_or_all(const struct accept *accept, const char *option, const char *value);

/* A process id, greater than 0. */
int accept_pid(const struct accept *accept, const char *value);

/* A time, in seconds: "90", "0.5", "90s", "5m", "2h", "3d" or "1h30m". */
double accept_time(const struct accept *accept, const char *option, const char *value);

/* A list of kinds, separated by commas, as KIND_BITs. */
uint64_t accept_kinds(const struct accept *accept, const char *option, const char *value);

/* The word for kinds at an index, NULL after the last one: "all", "sockets", "tcp", ... */
const char *accept_kind_name(size_t index);

/* One of count words; returns its index. */
int accept_word(const struct accept *accept, const char *option, const char *value,
		const char *const *words, int count);
