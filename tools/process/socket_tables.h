// SPDX-License-Identifier: MIT
/*
 * Reads the kernel's tables of sockets in /proc/PID/net, for sockets that can't be copied: their
 * addresses, states and queued bytes, found by inode. Called by outside.c.
 */
#pragma once

#include "preload/core/snapshot/snapshot.h"

/* Fills in what the tables tell about count sockets, which the caller has sorted by inode. A socket
 * that is in no table, such as one that was never bound, keeps domain 0. */
void socket_tables_look_up(struct snapshot_outside **sorted, size_t count, int pid);
