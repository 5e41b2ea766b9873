// SPDX-License-Identifier: MIT
/*
 * See thread_registry.h. The memory of a thread that has ended may be unmapped, so another thread's
 * state is always copied by the kernel.
 */
#include "thread_registry.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/read_safely.h"
#include "runtime.h"

enum {
	PLACES = 1024,
	TRIED = 16, /* places that may hold one thread: from the one that its id gives */
};

static struct place {
	_Atomic uint32_t tid; /* 0: free */
	_Atomic(const struct thread_state *) state;
} places[PLACES];

static struct place *place_of(uint32_t tid, unsigned int tried)
{
	/* The ids of a process' threads mostly follow each other. */
	return &places[(tid + tried) % PLACES];
}

static bool has_ended(uint32_t tid)
{
	return RAW(tgkill, atomic_load(&runtime.pid), tid, 0) == -ESRCH;
}

static bool take(struct place *place, uint32_t old)
{
	if (!atomic_compare_exchange_strong(&place->tid, &old, thread_state.tid))
		return false;
	atomic_store(&place->state, &thread_state);
	return true;
}

void thread_registry_add(void)
{
	for (unsigned int i = 0; i < TRIED; i++) {
		struct place *place = place_of(thread_state.tid, i);
		uint32_t old = atomic_load(&place->tid);

		if ((!old || old == thread_state.tid || has_ended(old)) && take(place, old))
			return;
	}
}

void thread_registry_forked(void)
{
	memset((void *)places, 0, sizeof(places));
}

/* The state of the thread that has this place. False: it has ended, or was never there. */
static bool read_state(const struct place *place, uint32_t tid, struct thread_state *state)
{
	const struct thread_state *from = atomic_load(&place->state);

	return tid && atomic_load(&place->tid) == tid && from &&
	       read_safely(state, from, sizeof(*state)) && state->tid == tid;
}

int thread_registry_opens(int thread)
{
	struct thread_state state;

	for (unsigned int i = 0; i < TRIED; i++)
		if (read_state(place_of((uint32_t)thread, i), (uint32_t)thread, &state))
			return state.hook != 0;
	return -1;
}

static size_t add_filled(const struct thread_state *state, int *fds, size_t room)
{
	struct awaited filling;

	if (!(state->hook & HOOK_FILLS) ||
	    !read_safely(&filling, (const void *)(state->hook - HOOK_FILLS), sizeof(filling)) ||
	    filling.form == AWAITED_MESSAGE)
		return 0;
	size_t count = filling.form == AWAITED_PAIR ? 2 : 1;
	return count <= room && read_safely(fds, filling.filled, count * sizeof(*fds)) ? count : 0;
}

size_t thread_registry_in_flight(int *fds, size_t most)
{
	size_t count = 0;

	for (size_t i = 0; i < PLACES && count < most; i++) {
		struct thread_state state;
		uint32_t tid = atomic_load(&places[i].tid);

		if (!read_state(&places[i], tid, &state) || !state.hook || has_ended(tid))
			continue;
		if (state.recording)
			fds[count++] = (int)state.recording - 1;
		count += add_filled(&state, fds + count, most - count);
	}
	return count;
}
