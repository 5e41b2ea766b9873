// SPDX-License-Identifier: MIT
/*
 * The options: environment variables FDTRAIL_<NAME>, read once at start and never changed after.
 * Their one table is options.list.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

enum { OPTION_AUTO = UINT32_MAX - 1 }; /* show: as many as the output is good for */

struct options {
	char output[PATH_MAX]; /* "": stderr; else absolute, still with its % places */
	int signal;            /* 0: none */
	uint64_t kinds;
	bool exit;
	int exitcode;
	bool emfile;
	uint32_t threshold; /* descriptors; 0: off */
	uint32_t interval;  /* seconds; 0: off */
	uint32_t depth;
	uint32_t show; /* OPTION_AUTO, SNAPSHOT_SHOW_ALL, or a number */
	bool inherited;
	bool peaks;
	const char *only;
	bool verbose;
};

/* Reads the options from environ into options. Each unknown name and each bad value is one line on
 * stderr, and its default is used. Async-signal-safe. */
void options_read(struct options *options, char **environ);

/* Whether the option FDTRAIL_<name> takes this value: for the command, which refuses a bad one
 * before the program starts. */
bool options_accept(const char *name, const char *value);

/* The value of ROSTER_VARIABLE (preload/core/base/roster.h); NULL: there is none. */
const char *options_roster(char **environ);

/* The value of FDTRAIL_ONLY alone: the rest is not looked at in programs that it leaves out. */
const char *options_only(char **environ);

/* True when name matches one of the patterns in list. */
bool options_match(const char *list, const char *name);

/* Writes the options in force to stderr, a line each. */
void options_print(const struct options *options, char **environ);

/* The signal that FDTRAIL_SIGNAL names so: 0 for "none"; -1: it is not accepted. */
int options_signal(const char *value);

/* The name of a signal without "SIG", or NULL. */
const char *signal_name(int number);
