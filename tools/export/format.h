// SPDX-License-Identifier: MIT
/*
 * The formats of snapshots except text: each in a file of its own, all in one table
 * (arguments/format_table.c). A new format is one file and one row.
 *
 * A format only takes models. The caller decides whether they are symbolized, filtered, or from
 * several files. JSON marks suppressed groups; the other formats, which count, leave them out. A
 * frame's name is the one that symbolize/ found, else the text's, else the module and offset
 * (stack_lines.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "tools/model/model.h"

struct export_options {
	/* Leave out frames that are not the program's own, in stacks that have some of its own. */
	bool collapse_runtime;
	bool filtered; /* groups may have been taken out by filter_apply() */
};

struct format {
	const char *name;    /* of --format=NAME */
	const char *ending;  /* of files that hold it, with the dot */
	const char *summary; /* a line for --help */
	bool binary;         /* not to be written to a terminal */
	/* Documents follow each other, so write() may be called for one snapshot after another, and
	 * one at a time is in memory. Otherwise the format adds up: write() is called once, with
	 * all snapshots, and uses only the newest one of each process (format_newest). */
	bool streams;
	/* It takes findings (findings_merge), as the text does, instead of the text's groups. */
	bool findings;
	/* It adds up, and shows how the numbers changed: the caller keeps older snapshots, too, and
	 * calls history_fill() before write(). */
	bool series;
	mode_t mode; /* of the output file, before the umask; see output.h */
	/* Writes snapshots[0 to count - 1] to file. Returns 0 or a negative errno. Errors of file
	 * are left to output_commit(), which checks ferror(3). */
	int (*write)(const struct model_snapshot *const *snapshots, size_t count,
		     const struct export_options *options, FILE *file);
};

/* Returns the newest snapshot of each process (same host, process id and program), in the order of
 * snapshots. Newest is by time, then number, then position. A snapshot without a process id is a
 * process of its own. The array is to be freed with free(3), the snapshots stay the caller's;
 * *newest is their number. NULL: no memory. */
const struct model_snapshot **format_newest(const struct model_snapshot *const *snapshots,
					    size_t count, size_t *newest);
