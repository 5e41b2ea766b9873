// SPDX-License-Identifier: MIT
/*
 * Finds copies (dup2, dup3) over a number that other code has open. That a copy closes the
 * descriptor which had its number is what dup2 is for. It is wrong in one case that can be told for
 * certain: code closes a number and then copies over it, as if nobody could come between, and
 * another thread is given the number in between. Such code is known by an earlier time, when the
 * number was still free. So shells, daemons, log rotation and atomic replacements are never
 * reported.
 *
 * Called by hooks/dup.c, after the copy. Async-signal-safe, for any thread; keeps errno.
 */
#pragma once

#include "runtime.h"

/* A copy was made over newfd, which had no entry. */
void misuse_copied_over_free(int newfd);

/* A copy was made by the function call over a number that had this entry. */
__attribute__((cold)) void misuse_copied_over(const struct closing *replaced, const char *call);

/* Begins anew: at start, and in a forked process. */
void misuse_copy_start(void);
