// SPDX-License-Identifier: MIT
/*
 * See in_flight.h. From the system call to the record, the new number is in a register or in the
 * stack below the hook's frame, because the functions in between return it; the compiler decides
 * where. So each of these words is a candidate, and is noted if this number is open and has no
 * record. A word that is not the new number does little harm: it matters only if a descriptor that
 * an untraced call opened has this number, and that one is listed by the next snapshot.
 *
 * A thread that waits in its system call has opened nothing, and may wait for long. It notes
 * nothing, because else a word of its stack could hide the same descriptor in each snapshot.
 */
#include "in_flight.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "preload/arch/machine.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/read_safely.h"
#include "preload/libc/received_fds.h"
#include "runtime.h"

enum {
	NEAR = 64 * 1024,  /* bytes of stack: the C library's functions behind a hook take less */
	CONTROL_MAX = 512, /* bytes of a message's control data */
	SCANNED = 4096,    /* bytes of stack below the hook: those of the innermost functions */
	OBJECT = 128,      /* bytes of an object that has the number: FILE, DIR */
	AT_ONCE = 64,      /* words of them: a signal's stack may be small */
};

static bool is_noted(const struct in_flight *in_flight, int fd)
{
	for (int i = 0; i < in_flight->count; i++)
		if (atomic_load(in_flight->places[i]) == fd + 1)
			return true;
	return false;
}

static void note(struct in_flight *in_flight, int fd)
{
	if (fd < 0 || fd == INT_MAX || ledger_read(&runtime.ledger, fd, NULL, NULL) ||
	    is_noted(in_flight, fd))
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

/* count: 1 or 2 */
static void note_numbers(struct in_flight *in_flight, const void *filled, size_t count)
{
	int fds[2];

	if (!read_safely(fds, filled, count * sizeof(*fds)))
		return;
	for (size_t i = 0; i < count; i++)
		note(in_flight, fds[i]);
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

static void note_candidate(struct in_flight *in_flight, long word)
{
	if (word >= 0 && word < INT_MAX && in_flight->count < IN_FLIGHT_NOTED &&
	    !ledger_read(&runtime.ledger, (int)word, NULL, NULL) && descriptor_open((int)word) != 0)
		note(in_flight, (int)word);
}

static void note_candidates_in(struct in_flight *in_flight, uintptr_t begin, uintptr_t end)
{
	int words[AT_ONCE];

	for (uintptr_t at = begin & ~(sizeof(int) - 1); at < end; at += sizeof(words)) {
		size_t size = end - at < sizeof(words) ? end - at : sizeof(words);

		if (!read_safely(words, (const void *)at, size))
			return;
		for (size_t i = 0; i < size / sizeof(*words); i++)
			note_candidate(in_flight, words[i]);
	}
}

static void note_candidates(struct in_flight *in_flight, const ucontext_t *state)
{
	uintptr_t sp = context_sp(state);

	for (int i = 0; i < MACHINE_REGISTERS; i++)
		note_candidate(in_flight, context_register(state, i));
	note_candidates_in(in_flight, sp,
			   sp + SCANNED < thread_state.hook ? sp + SCANNED : thread_state.hook);
	for (int i = 0; i < MACHINE_REGISTERS; i++) {
		uintptr_t object = (uintptr_t)context_register(state, i);

		/* The stack has been looked at. */
		if (object > INT_MAX && (object < sp || object > thread_state.hook))
			note_candidates_in(in_flight, object, object + OBJECT);
	}
}

/* Whether the thread is still inside the hook that it was last in. A longjmp out of a hook leaves
 * the hook's frame in thread_state; if the stack has grown over this place since, the answer is
 * wrong, and old words are read: safely. */
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
	if (thread_state.recording)
		note(in_flight, (int)thread_state.recording - 1);
	else if (context_cut_call(context))
		return;
	else if (!fills)
		note_candidates(in_flight, context);
	/* If the call has not been made yet, this holds something old, which has a record. */
	if (fills && filling->form == AWAITED_PAIR)
		note_numbers(in_flight, filling->filled, 2);
	else if (fills && filling->form == AWAITED_ONE)
		note_numbers(in_flight, filling->filled, 1);
	else if (fills && filling->form == AWAITED_MESSAGE)
		note_message(in_flight, filling->filled);
}

void in_flight_forget(struct in_flight *in_flight)
{
	while (in_flight->count)
		atomic_store(in_flight->places[--in_flight->count], 0);
}
