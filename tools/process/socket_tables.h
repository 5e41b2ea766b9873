// SPDX-License-Identifier: MIT
/*
 * The kernel's tables of sockets in /proc/PID/net, for sockets that can't be asked themselves:
 * addresses, states and what waits in them, found by inode. Called by outside.c.
 */
#pragma once

#include "preload/core/snapshot/snapshot.h"

/* Fills in what the tables tell of the sockets among count descriptors, which are sorted here by
 * inode. A socket that is in no table (one that was never bound, for one) keeps domain 0. */
void socket_tables_look_up(struct snapshot_outside **sorted, size_t count, int pid);
