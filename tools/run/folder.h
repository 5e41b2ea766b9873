// SPDX-License-Identifier: MIT
/* The private folder of one run, where snapshots lie until they have been reported. */
#pragma once

#include <limits.h>
#include <stddef.h>

/* Makes one in TMPDIR or /tmp and fills in its path. Nobody else can list it or read in it: mode
 * 0700, and 1733 for root, whose programs may go on as other users. 0 or a negative errno. */
int folder_create(char path[PATH_MAX]);

/* Puts a symbolic link to target into it, whose path has no characters that LD_PRELOAD can't have.
 * link is filled in. 0 or a negative errno. */
int folder_link(const char *folder, const char *target, char link[PATH_MAX]);

/* Removes it with the files in it. 0 or a negative errno. */
int folder_remove(const char *path);

/* How many processes have the variable NAME=VALUE in the environment that they were started with,
 * and the id of one of them. Of other users' processes nothing is known. */
size_t folder_users(const char *variable, int *pid);
