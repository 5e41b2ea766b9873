// SPDX-License-Identifier: MIT
/*
 * The options: environment variables FDTRAIL_<NAME>, which are read once at start. options.list is
 * their only table.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/use_table.h"

enum {
	OPTION_AUTO = UINT32_MAX - 1, /* show: a number that suits the output */
	OPTION_CLOSERS_MOST = 64,
};

/* The answer to a wrong close, or a use after a close. */
enum option_misuse { MISUSE_OFF, MISUSE_REPORTS, MISUSE_ABORTS };

struct options {
	char output[PATH_MAX]; /* "": stderr; else an absolute path, with its % places */
	int signal;            /* 0: none */
	uint64_t kinds;
	bool exit;
	int exitcode;
	bool emfile;
	uint32_t threshold; /* descriptors; 0: off */
	uint32_t arm;       /* sleep until so many are open; 0: never sleep */
	uint32_t interval;  /* seconds; 0: off */
	uint32_t depth;
	uint32_t closers; /* most closing stacks to list; 0: not recorded */
	uint32_t show;    /* OPTION_AUTO, SNAPSHOT_SHOW_ALL, or a number */
	bool inherited;
	bool exec_stacks;
	bool peaks;
	enum option_misuse misuse;
	enum use_mode used_by;
	bool spread;
	const char *only;
	bool redact;
	const char *mark_file; /* NULL: none */
	bool verbose;
};

/* Reads the options from environ into options. For each unknown name and each bad value it writes
 * one line to stderr; a bad value is replaced by the default. options->only and
 * options->mark_file may point into environ.
 * Async-signal-safe. */
void options_read(struct options *options, char **environ);

/* Whether the option FDTRAIL_<name> accepts this value. For the command, which refuses a bad value
 * before the program starts. */
bool options_accept(const char *name, const char *value);

/* The value of ROSTER_VARIABLE (preload/core/base/roster.h); NULL if it is not set or empty. */
const char *options_roster(char **environ);

/* The value of FDTRAIL_ONLY alone, because the other options are not read in programs that it
 * excludes; "*" if it is not set or empty. */
const char *options_only(char **environ);

/* True if name matches one of the patterns in list, which commas separate. */
bool options_match(const char *list, const char *name);

/* Writes the options in force to stderr, one line each. */
void options_print(const struct options *options, char **environ);

/* The signal for this value of FDTRAIL_SIGNAL; 0 for "none"; -1 if it is not accepted. Not
 * thread-safe. */
int options_signal(const char *value);
