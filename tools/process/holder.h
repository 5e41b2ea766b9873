// SPDX-License-Identifier: MIT
/*
 * Finds a process to hold the files that a program is to write to. The program opens them through
 * /proc/PID/fd, which the kernel allows only for processes of its own user. So if we are root, a
 * child of ours becomes the program's user, with no more rights than that. Called by ask.c.
 */
#pragma once

enum { HOLDER_FILES = 4 };

/* Returns the id of the process through which process pid can open these files, at most
 * HOLDER_FILES: ourselves, or a child made for it. Or a negative errno. */
int holder_find(int pid, const int *files, int count);

/* Ends the child. Does nothing if holder is ourselves. */
void holder_release(int holder);
