// SPDX-License-Identifier: MIT
/*
 * The private folder of one run, where snapshots lie until they have been reported: TMPDIR/
 * fdtrail-run.XXXXXX, mode 0700, with a lock file in it that says that the run lives.
 *
 * What root starts may go on as another user (nginx's workers), and has snapshots to write. So
 * root's has mode 0711, which nobody else can list, and in it another folder whose name nobody else
 * can guess: that one is open for everyone to write into (1733). It is the program's environment
 * that tells its name.
 */
#pragma once

#include <limits.h>
#include <stddef.h>

struct folder {
	char path[PATH_MAX]; /* where snapshots go; "": there is no folder */
	char top[PATH_MAX];  /* the same, or what is around it */
	int owner;           /* the lock file */
};

/* Makes one in TMPDIR or /tmp, and removes there what runs that were killed have left
 * (folder_sweep). 0 or a negative errno; then there is none. */
int folder_create(struct folder *folder);

/* Puts a symbolic link to target into it, whose path has no characters that LD_PRELOAD can't have.
 * link is filled in. 0 or a negative errno. */
int folder_link(const struct folder *folder, const char *target, char link[PATH_MAX]);

/* Removes it with the files in it. */
void folder_remove(struct folder *folder);

/* Leaves it there for good, for the user: no later run takes it for forgotten. */
void folder_keep(struct folder *folder);

/* How many processes have text in a variable of the environment that they were started with,
 * and the id of one of them; without the tracer's helpers. Of other users' processes nothing is
 * known. */
size_t folder_users(const char *text, int *pid);

/* Removes from a folder for temporary files the folders of this user's runs that were killed: the
 * lock is free, no process that we can see has the folder in its environment, and it was made on
 * this host in this PID namespace. Follows no link, and takes nothing that is another user's.
 * folder.c calls it. */
void folder_sweep(const char *parent);

/* Between folder.c and folder_sweep.c. */
#define FOLDER_PREFIX "fdtrail-run."
#define FOLDER_OWNER  ".owner"
enum { FOLDER_OWNER_SIZE = 256 };
/* What a lock file says: where its owner runs. Fills in text; returns its length. */
size_t folder_owner_text(char text[FOLDER_OWNER_SIZE]);
/* Removes the files in the folder that is open as fd, and one level of folders with theirs. Closes
 * fd. */
void folder_empty(int fd);
