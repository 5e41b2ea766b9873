// SPDX-License-Identifier: MIT
/*
 * See in_flight.h. Hooks say what they are about to get (hook_begins in runtime.h), since a
 * register or the bytes before an instruction don't tell a descriptor from a length.
 */
#include "in_flight.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "preload/arch/machine.h"
#include "preload/core/base/read_safely.h"
#include "preload/libc/received_fds.h"
#include "runtime.h"

enum {
	NEAR = 64 * 1024,  /* bytes of stack: the C library's functions behind a hook take less */
	CONTROL_MAX = 512, /* bytes of a message's control data */
};

static void note(struct in_flight *in_flight, int fd)
{
	if (fd < 0 || fd == INT_MAX)
		return;
	for (int i = 0; i < SNAPSHOT_IN_FLIGHT_MAX && in_flight->count < IN_FLIGHT_NOTED; i++) {
		_Atomic int *place = &runtime.wiped->in_flight[i];
		int none = 0;

		if (atomic_compare_exchange_strong(place, &none, fd + 1)) {
			in_flight->places[in_flight->count++] = place;
			return;
		}
	}
}

static void note_pair(struct in_flight *in_flight, const void *filled)
{
	int pair[2];

	if (!read_safely(pair, filled, sizeof(pair)))
		return;
	note(in_flight, pair[0]);
	note(in_flight, pair[1]);
}

static void note_received(int fd, bool is_pidfd, void *data)
{
	(void)is_pidfd;
	note(data, fd);
}

static void note_message(struct in_flight *in_flight, const void *filled)
{
	struct msghdr message;
	char control[CONTROL_MAX] __attribute__((aligned(8)));

	if (!read_safely(&message, filled, sizeof(message)))
		return;
	if (message.msg_controllen > sizeof(control))
		message.msg_controllen = sizeof(control);
	if (!read_safely(control, message.msg_control, message.msg_controllen))
		return;
	message.msg_control = control;
	received_each(&message, note_received, in_flight);
}

/* Whether the thread is still inside of the hook that it was last in. A hook that was left by
 * longjmp may seem so where the stack has grown again; then something old is read, safely. */
static bool in_hook(const ucontext_t *state)
{
	uintptr_t sp = context_sp(state);
	return sp <= thread_state.hook && thread_state.hook - sp < NEAR;
}

void in_flight_note(struct in_flight *in_flight, const void *context)
{
	const struct awaited *filling = (const void *)(thread_state.hook & ~(uintptr_t)HOOK_FILLS);
	bool fills = thread_state.hook & HOOK_FILLS;

	in_flight->count = 0;
	if (!in_hook(context))
		return;
	if (thread_state.recording) {
		note(in_flight, (int)thread_state.recording - 1);
	} else {
		long result = context_result(context);

		if (result < 0 || result > INT_MAX)
			return;
		if (!fills)
			note(in_flight, (int)result);
	}
	/* The call has returned, so this has been written. */
	if (fills && filling->form == AWAITED_PAIR)
		note_pair(in_flight, filling->filled);
	else if (fills && filling->form == AWAITED_MESSAGE)
		note_message(in_flight, filling->filled);
}

void in_flight_forget(struct in_flight *in_flight)
{
	while (in_flight->count)
		atomic_store(in_flight->places[--in_flight->count], 0);
}
