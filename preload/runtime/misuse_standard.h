// SPDX-License-Identifier: MIT
/*
 * Finds ordinary opens that were given the number 0, 1 or 2 after the program had closed it: what
 * the program prints goes to that file or peer, and what others send is its input.
 *
 * Programs also reopen these numbers on purpose, by a close and an open. So an open counts only if
 * it can't be meant: a socket, a folder or an object of the kernel's; a file that can't be read as
 * input, or not be written as output; or one for both that an executed program would not get.
 * Devices (/dev/null, terminals), pipes and copies never count, and nor does a descriptor that
 * leaves the number in the next calls: gnulib and systemd move descriptors away from these numbers.
 *
 * All functions are async-signal-safe, for any thread, and keep errno.
 */
#pragma once

#include "runtime.h"

/* fd, which is 0, 1 or 2, has just been recorded. opening: slot_opening's. */
__attribute__((cold)) void misuse_standard_opened(int fd, uint32_t opening);

/* After each open and close, while such an open waits. */
void misuse_standard_watch(void);

/* Before a snapshot: doesn't wait any longer. The caller is about to take a snapshot. */
void misuse_standard_settle(void);

/* Whether such an open waits. */
bool misuse_standard_waits(void);

/* Begins anew: at start, and in a forked process. */
void misuse_standard_start(void);
