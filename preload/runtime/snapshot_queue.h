// SPDX-License-Identifier: MIT
/*
 * Whose turn it is to take a snapshot, when many threads are asked for one at once. Three things
 * hold: one is taken at a time; behind each request one begins, so the state that somebody has
 * asked for is shown; and no thread works for the others without end. Who is asked during a
 * snapshot leaves the answer to the thread that takes it, once: that one repeats it. Who is asked
 * during the repetition waits, and takes the next. Everybody asked meanwhile goes on at once, since
 * what will be taken begins after that.
 *
 * All functions are async-signal-safe, and any thread may call them. Who has the turn must not be
 * interrupted by a request: signals are blocked.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum snapshot_queue_kind {
	QUEUE_SHARED, /* whoever takes the snapshot, as long as it begins from now on */
	QUEUE_OWN,    /* one's own, which is waited for; others' are answered after it */
	QUEUE_FINAL,  /* one's own, which is waited for; the program ends after it */
};

/* Asks for a turn in turns, which begins as 0. True: the caller has it, and gives it back by
 * snapshot_queue_end. False: somebody else answers the request, or, for the other kinds than
 * QUEUE_SHARED, it has waited for 10 s in vain. may_wait: false when a request can interrupt the
 * thread that has the turn, which may be this one. */
bool snapshot_queue_begin(_Atomic uint32_t *turns, enum snapshot_queue_kind kind, bool may_wait);

/* After the snapshot. True: once more, for those who were asked meanwhile. */
bool snapshot_queue_end(_Atomic uint32_t *turns, enum snapshot_queue_kind kind);
