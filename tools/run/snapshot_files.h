// SPDX-License-Identifier: MIT
/*
 * The files that a traced program and its children write snapshots to: FDTRAIL_OUTPUT's pattern,
 * read backwards. Which names will come up is not known (%p is the process, %t the time), so they
 * are found by a wildcard; what a file held before the run is left out.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

struct snapshot_file {
	char *path;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	off_t begin;   /* what was there before */
	off_t shown;   /* up to here snapshots have been shown while the program ran .. */
	off_t telling; /* .. from here to `shown` they are just being shown */
	off_t whole;   /* up to here there are whole snapshots */
};

struct snapshot_files {
	char *pattern;  /* absolute, as FDTRAIL_OUTPUT takes it */
	char *wildcard; /* the same for glob(3) */
	char *folder;   /* that all files will lie in; NULL when its name is part of the pattern */
	struct snapshot_file *files;
	size_t count;
};

/* Begins with this pattern, and with what is there now. 0 or a negative errno: -ENOMEM,
 * or that of getcwd(3). */
int snapshot_files_init(struct snapshot_files *files, const char *pattern);
void snapshot_files_finish(struct snapshot_files *files);

/* Looks at all files for the last time: new ones are found, and they are sorted by age. 0 or
 * -ENOMEM. */
int snapshot_files_look(struct snapshot_files *files);

/* The file called name in the folder has been written to. True: it has whole snapshots behind
 * `shown`, up to `whole`, that somebody asked for, or that descriptors ran out for; others wait for
 * the end. */
bool snapshot_files_news(struct snapshot_files *files, const char *name);

/* Whether a snapshot with this `why:` was taken for a signal of the program's own, which asked for
 * none: it is kept in the file, and not reported. */
bool snapshot_is_own(const char *why);

/* The path, with its % doubled, as a part of a pattern. On the heap; NULL: no memory. */
char *snapshot_files_escape(const char *path);
