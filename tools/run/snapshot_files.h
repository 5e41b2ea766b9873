// SPDX-License-Identifier: MIT
/*
 * Finds the files that a traced program and its children write snapshots to, by FDTRAIL_OUTPUT's
 * pattern. Their names aren't known in advance (%p is the process, %t the time), so a wildcard
 * finds them. Text that a file held before the run is left out.
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
	off_t begin;   /* end of what was there before the run */
	off_t shown;   /* up to here, snapshots have been reported while the program ran .. */
	off_t telling; /* .. from here to `shown`, a report is being written */
	off_t whole;   /* end of the last complete snapshot */
};

struct snapshot_files {
	char *pattern;  /* absolute, as in FDTRAIL_OUTPUT */
	char *wildcard; /* the same for glob(3) */
	char *folder;   /* the folder of all files; NULL: its name is part of the pattern */
	struct snapshot_file *files;
	size_t count;
};

/* Starts with this pattern, and notes what the files hold now. 0 or a negative errno: -ENOMEM, or
 * that of getcwd(3). */
int snapshot_files_init(struct snapshot_files *files, const char *pattern);
void snapshot_files_finish(struct snapshot_files *files);

/* Examines all files for the last time: finds new ones, and sorts them by age. 0 or -ENOMEM. */
int snapshot_files_look(struct snapshot_files *files);

/* Call this when the file called name in the folder has been written to. True: between `shown` and
 * `whole` it has complete snapshots to report now: requested ones, or those taken because
 * descriptors ran out. Others wait for the end. */
bool snapshot_files_news(struct snapshot_files *files, const char *name);

/* Copies path with each % doubled, for use in a pattern. The caller frees it. NULL: no memory. */
char *snapshot_files_escape(const char *path);
