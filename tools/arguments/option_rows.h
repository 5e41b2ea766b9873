// SPDX-License-Identifier: MIT
/*
 * Rows for the option tables (struct argp_option) of several verbs, so that an option has the same
 * words everywhere. The formats' names come from argp.help_filter (format_option_help).
 */
#pragma once

#include <argp.h>

/* clang-format off */
#define OPTION_ROW_FORMAT {"format", 'f', "FORMAT", 0, "Write", 0}

#define OPTION_ROW_OUTPUT \
	{"output", 'o', "FILE", 0, \
	 "Write to FILE instead of standard output; FILE appears complete or not at all", 0}

#define OPTION_ROW_OUTSIDE(key) \
	{"outside", key, NULL, 0, \
	 "Inspect from outside, without stacks, even if the process is traced: it doesn't " \
	 "notice", 0}

#define OPTION_ROW_CHILDREN(key) \
	{"children", key, NULL, 0, "Also show all descendants of the processes", 0}

#define OPTION_ROW_PER_TEST(key, group) \
	{"per-test", key, NULL, 0, \
	 "Show what each test has left open, by the marks that the program has set", group}

/* key: of --kinds; only: "Only", or what is done with these kinds only; group: of argp_option. */
#define OPTION_ROWS_KINDS(key, only, group) \
	{"kinds", key, "KINDS", 0, \
	 only " these kinds, separated by commas: tcp, file, ..., sockets or all", group}, \
	{"kind", key, "KINDS", OPTION_ALIAS | OPTION_HIDDEN, NULL, group}
/* clang-format on */
