// SPDX-License-Identifier: MIT
/*
 * The order of snapshots, when many threads request one at once. Three things hold: one snapshot is
 * taken at a time; after each request a snapshot begins, so it shows the state at the request; and
 * no thread works for the others without end. A request during a snapshot is left to the thread
 * that takes it: that thread repeats the snapshot, once. A request during the repetition waits, and
 * its thread takes the next snapshot. All other requests meanwhile return at once, because that
 * next snapshot begins after them.
 *
 * All functions are async-signal-safe, and any thread may call them. A request must not interrupt
 * the thread that is taking a snapshot: signals are blocked.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum snapshot_queue_kind {
	QUEUE_SHARED, /* any thread may take the snapshot, if it begins after the request */
	QUEUE_OWN,    /* this thread's own, after a wait; others' requests are answered after it */
	QUEUE_FINAL,  /* this thread's own, after a wait; the program ends after it */
};

/* Requests a turn in turns, which begins as 0. True: the caller has the turn, and gives it back by
 * snapshot_queue_end. False: another thread answers the request; or, for the kinds other than
 * QUEUE_SHARED, the caller has waited for 10 s in vain. may_wait: false if signals are not blocked,
 * because then the request may have interrupted the thread that has the turn. */
bool snapshot_queue_begin(_Atomic uint32_t *turns, enum snapshot_queue_kind kind, bool may_wait);

/* Gives the turn back after the snapshot. True: the caller keeps it, and takes one more snapshot
 * for the requests that came meanwhile. */
bool snapshot_queue_end(_Atomic uint32_t *turns, enum snapshot_queue_kind kind);
