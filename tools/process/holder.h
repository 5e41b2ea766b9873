// SPDX-License-Identifier: MIT
/*
 * Who holds the file that a program is to write to. The program opens it through /proc/PID/fd,
 * which the kernel allows for processes of its own user alone: so where we are root and the program
 * is not, a child of ours becomes that user, with no more rights than that. Called by ask.c.
 */
#pragma once

enum { HOLDER_FILES = 4 };

/* Whom process pid is to look at for these files, at most HOLDER_FILES: ourselves, or a child made
 * for it. The process id, or a negative errno. */
int holder_find(int pid, const int *files, int count);

/* Ends the child; ourselves is nothing. */
void holder_release(int holder);
