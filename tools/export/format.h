// SPDX-License-Identifier: MIT
/*
 * The formats other than text that snapshots can be written in, each in a file of its own, all in
 * one table (format.c). It feeds `fdtrail report --format`, its help, the man page's test and the
 * completions: a new format is one file and one row.
 *
 * Formats take models and nothing else: whether they were symbolized, filtered or read from several
 * files is the caller's business. A group that is suppressed is marked in JSON, and in the other
 * formats, which count, it is left out. A frame's name is the one that symbolize/ found, else the
 * one of the text, else its module and offset (stack_lines.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "tools/model/model.h"

struct export_options {
	bool collapse_runtime; /* leave out frames that symbolize/ has not marked as the program's
				* own, in stacks that have some of its own */
};

struct format {
	const char *name;    /* of --format=NAME */
	const char *ending;  /* of files that hold it, with the dot */
	const char *summary; /* a line for --help */
	bool binary;         /* nothing for a terminal */
	/* Documents follow each other: write() may be called for one snapshot after another, so
	 * that one at a time is in memory. Otherwise it is called once, with all of them, and takes
	 * the newest of each process alone (format_newest), since it adds up. */
	bool streams;
	mode_t mode; /* of a file that holds it, before the umask; see output.h */
	/* Writes snapshots[0 to count - 1] to file. Returns 0 or a negative errno; what goes wrong
	 * with file is left to output_commit(), which asks ferror(3). */
	int (*write)(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file);
};

/* All formats, sorted by name, and how many. */
extern const struct format formats[];
extern const size_t format_count;

/* The format called name, or NULL. */
const struct format *format_find(const char *name);

/* The newest snapshot of each process (one host, process id and program) in the order of snapshots,
 * by time, number and place; one that does not say its process counts by itself. An array to
 * free(3), and how many; NULL: no memory. */
const struct model_snapshot **format_newest(const struct model_snapshot *const *snapshots,
					    size_t count, size_t *newest);
