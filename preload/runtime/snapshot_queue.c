// SPDX-License-Identifier: MIT
/*
 * See snapshot_queue.h. The whole state is in one word. A thread that waits sleeps and looks again,
 * because a snapshot takes a fraction of a millisecond to some seconds, and a seccomp filter could
 * not tell our futex calls from the program's.
 */
#include "snapshot_queue.h"

#include <time.h>

#include "preload/core/base/raw_syscall.h"

enum {
	TAKEN = 1,    /* a thread is taking a snapshot */
	LAST = 2,     /* .. and will not repeat it for others */
	AGAIN = 4,    /* .. and will repeat it */
	PROMISED = 8, /* a waiting thread will take a snapshot that answers all requests */
	WAITER = 16,  /* times the number of waiting threads */
	NAPS = 10 * 1000,
};

static uint32_t taken_by(enum snapshot_queue_kind kind)
{
	return kind == QUEUE_FINAL ? TAKEN | LAST : TAKEN;
}

/* Waits until the other snapshot is done. After NAPS sleeps it gives up; if this thread has
 * promised a snapshot, the thread that is busy takes one more for it. */
static bool wait_for(_Atomic uint32_t *turns, enum snapshot_queue_kind kind)
{
	uint32_t owed = kind == QUEUE_SHARED ? PROMISED : 0;

	for (int naps = 0;; naps++) {
		uint32_t old = atomic_load(turns), left = (old - WAITER) & ~owed;

		if (!(old & TAKEN)) {
			if (atomic_compare_exchange_strong(turns, &old, left | taken_by(kind)))
				return true;
		} else if (naps >= NAPS) {
			if (owed)
				left = (left & ~(uint32_t)LAST) | AGAIN;
			if (atomic_compare_exchange_strong(turns, &old, left))
				return false;
		} else {
			RAW(nanosleep, &((struct timespec){.tv_nsec = 1000 * 1000}), NULL);
		}
	}
}

bool snapshot_queue_begin(_Atomic uint32_t *turns, enum snapshot_queue_kind kind, bool may_wait)
{
	uint32_t old = atomic_load(turns);

	for (;;) {
		bool joins = kind == QUEUE_SHARED && old & TAKEN && (!(old & LAST) || !may_wait);

		if (!(old & TAKEN) && (old < WAITER || !may_wait)) {
			if (atomic_compare_exchange_strong(turns, &old, old | taken_by(kind)))
				return true;
		} else if (kind == QUEUE_SHARED && old & (AGAIN | PROMISED)) {
			return false;
		} else if (joins) {
			uint32_t asked = (old & ~(uint32_t)LAST) | AGAIN;

			if (atomic_compare_exchange_strong(turns, &old, asked))
				return false;
		} else {
			uint32_t owed = kind == QUEUE_SHARED ? PROMISED : 0;

			if (atomic_compare_exchange_strong(turns, &old, (old | owed) + WAITER))
				return wait_for(turns, kind);
		}
	}
}

bool snapshot_queue_end(_Atomic uint32_t *turns, enum snapshot_queue_kind kind)
{
	uint32_t old = atomic_load(turns);

	for (;;) {
		bool again = kind != QUEUE_FINAL && old & AGAIN;
		uint32_t ended = again ? (old & ~(uint32_t)AGAIN) | LAST
				       : old & ~(uint32_t)(TAKEN | LAST | AGAIN);

		if (atomic_compare_exchange_strong(turns, &old, ended))
			return again;
	}
}
