// SPDX-License-Identifier: MIT
/*
 * The private folder of one run, where snapshots are kept until they have been reported:
 * TMPDIR/fdtrail-run.XXXXXX, mode 0700. A lock file in it shows that the run lives.
 *
 * A program that root starts may go on as another user (nginx's workers), and must write snapshots
 * then, too. So root's folder has mode 0711, which other users can't list, and has another folder
 * in it that every user may write into (1733). Its name can't be guessed; the program's environment
 * has it.
 */
#pragma once

#include <limits.h>
#include <stddef.h>

struct folder {
	char path[PATH_MAX]; /* where snapshots go; "": there is no folder */
	char top[PATH_MAX];  /* the same, or the folder that it is in */
	int owner;           /* descriptor of the lock file */
};

/* Makes a folder in TMPDIR or /tmp, after removing those of killed runs there (folder_sweep). 0, or
 * a negative errno, and then there is none. */
int folder_create(struct folder *folder);

/* Makes a symbolic link to target in the folder. The link's path, which goes to link, has no
 * characters that LD_PRELOAD can't have. 0 or a negative errno. */
int folder_link(const struct folder *folder, const char *target, char link[PATH_MAX]);

/* Removes the folder and the files in it. */
void folder_remove(struct folder *folder);

/* Leaves the folder to the user. No later run removes it. */
void folder_keep(struct folder *folder);

/* The number of processes that have text in their initial environment, except the tracer's helpers;
 * *pid is one of them. Other users' processes can't be seen. */
size_t folder_users(const char *text, int *pid);

/* Removes from parent, a folder for temporary files, the folders of this user's runs that were
 * killed: their lock is free, no process that we can see has the folder in its environment, and it
 * was made on this host in this PID namespace. Follows no link, and touches nothing of other users.
 * Called by folder.c. */
void folder_sweep(const char *parent);

/* The rest is shared by folder.c and folder_sweep.c only. */
#define FOLDER_PREFIX "fdtrail-run."
#define FOLDER_OWNER  ".owner"
enum { FOLDER_OWNER_SIZE = 256 };
/* Fills in the text of a lock file, which says where its owner runs. Returns its length. */
size_t folder_owner_text(char text[FOLDER_OWNER_SIZE]);
/* Removes the files in the folder that is open as fd, and one level of folders with their files.
 * Closes fd. */
void folder_empty(int fd);
