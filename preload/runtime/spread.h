// SPDX-License-Identifier: MIT
/*
 * FDTRAIL_SPREAD: new descriptors get numbers that were not in use lately, so that a number is not
 * given out again soon after its close. A second close, or a use after the close, then fails with
 * EBADF and is reported, where it would have hit another descriptor.
 *
 * The kernel gives out the lowest free number, so a new descriptor is copied to a higher one, and
 * the low one is closed. Not moved are: 0, 1 and 2; copies (dup, dup2, F_DUPFD); streams, whose
 * number the C library keeps; received ones; and regular files, because any close of a file takes
 * away all POSIX locks that the process has on it (fcntl(2), "Record locks"). Near RLIMIT_NOFILE
 * nothing is moved, so that descriptors run out when they would have.
 *
 * Async-signal-safe, for any thread; keeps errno.
 */
#pragma once

#include "runtime.h"

/* Begins as the options say: at start, and in a forked process. */
void spread_start(void);
