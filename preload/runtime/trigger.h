// SPDX-License-Identifier: MIT
/*
 * Triggers: the events that request a snapshot, and the way to take one without the program
 * noticing. A helper process takes it, which shares our memory and has a frozen copy of our
 * descriptor table (clone with CLONE_VM and CLONE_VFORK, without CLONE_FILES). So it takes no
 * number from the program, the program can't close or see a descriptor of ours, and a full table is
 * not an obstacle.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/policy/triggered_snapshot.h"

/* Takes a snapshot, for the reason given. If another thread is taking one, that thread repeats it
 * instead, or this one waits and takes the next (snapshot_queue.h). If it can't be taken or
 * written, a message has been printed. All signals are blocked meanwhile.
 * Async-signal-safe, any thread, keeps errno. */
void trigger_snapshot(const char *why);

/* The same for the last snapshot of the process, which ends in the way given. flags: of enum
 * trigger_flags (policy/triggered_snapshot.h). */
void trigger_end(const char *why, struct process_end end, unsigned int flags,
		 struct snapshot_result *result);

/* The same for a signal, with its handler's arguments. If info names a channel
 * (preload/core/base/channel.h), the snapshot goes there. */
void trigger_signal(const char *why, const siginfo_t *info, const void *context);

/* A hooked function failed with EMFILE or ENFILE (in errno). At most one snapshot a minute. */
void trigger_out_of_descriptors(const char *name);

/* After an open (fd >= 0) or close (-1) at now, while a threshold or an interval is set. */
void trigger_watch(int fd, uint64_t now);

/* Watches only what the options say, no longer a close for misuse.c. */
void trigger_unwatch(void);

/* Begins to watch as the options say: at start, and again in a forked process. */
void trigger_start(void);
