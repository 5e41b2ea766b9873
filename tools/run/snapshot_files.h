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

struct snapshot_file {
	char *path;
	dev_t device;
	ino_t inode;
	off_t begin; /* what was there before */
	off_t shown; /* up to here snapshots have been looked at while the program ran */
};

struct snapshot_files {
	char *pattern;  /* absolute, as FDTRAIL_OUTPUT takes it */
	char *wildcard; /* the same for glob(3) */
	char *folder;   /* that all files will lie in; NULL when its name is part of the pattern */
	struct snapshot_file *files; /* sorted by age */
	size_t count;
};

/* Begins with this pattern, and with what is there now. 0 or a negative errno: -ENOMEM,
 * -ENAMETOOLONG. */
int snapshot_files_init(struct snapshot_files *files, const char *pattern);
void snapshot_files_finish(struct snapshot_files *files);

/* Looks for new files. 0 or -ENOMEM. */
int snapshot_files_look(struct snapshot_files *files);

/* The path, with its % doubled, as a part of a pattern. On the heap; NULL: no memory. */
char *snapshot_files_escape(const char *path);
