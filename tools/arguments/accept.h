// SPDX-License-Identifier: MIT
/*
 * The values of options and arguments, one parser for each kind of value. A value that is not
 * accepted ends the program, after a line that says what is: "fdtrail check: --show=some is not
 * accepted: a number, or all".
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The verb that parses its arguments. */
struct accept {
	const char *prefix; /* of messages: "fdtrail check: " */
	int trouble;        /* the exit status of wrong use */
};

enum { ACCEPT_ALL = -1 };

/* Ends the program. option is written before the value, as in "--show=". */
_Noreturn void accept_refuse(const struct accept *accept, const char *option, const char *value,
			     const char *accepted);

/* A whole number from least to most, which are not negative. */
int64_t accept_number(const struct accept *accept, const char *option, const char *value,
		      int64_t least, int64_t most, const char *accepted);

/* "all": ACCEPT_ALL; or a number from 0. */
int accept_number_or_all(const struct accept *accept, const char *option, const char *value);

int accept_pid(const struct accept *accept, const char *option, const char *value);

/* Seconds of "90", "0.5", "90s", "5m", "2h", "3d" or "1h30m". */
double accept_time(const struct accept *accept, const char *option, const char *value);

/* A list of kinds with commas between, as bits of kind.h. */
uint64_t accept_kinds(const struct accept *accept, const char *option, const char *value);

/* The words for kinds by index, NULL after the last: "all", "sockets", "tcp", ... */
const char *accept_kind_name(size_t index);

/* The index of a word in words, of which there are count. */
int accept_word(const struct accept *accept, const char *option, const char *value,
		const char *const *words, int count);
