// SPDX-License-Identifier: MIT
/*
 * The numbers that are open in the descriptor table that a snapshot looks at. Listing /proc/self/fd
 * makes the kernel build an inode for each number and tear it down again, some 4 us; asking for each
 * number with fcntl(2) costs 0.1 us, open or not. So a table of usual size is asked. Used by the
 * census.
 */
#pragma once

#include <stdbool.h>

/* Calls each(fd, data) for every open descriptor of the calling process, by rising number. Without
 * /proc: for those below end, 65536 or the limit on new numbers, whichever is highest. False: a
 * seccomp filter of the program refuses whatever would tell which are open. */
bool frozen_table_each(int end, void (*each)(int fd, void *data), void *data);
