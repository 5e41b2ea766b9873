// SPDX-License-Identifier: MIT
/*
 * Descriptors that a thread which was interrupted by a request for a snapshot has just got, and has
 * not recorded: the kernel delivers signals when a system call returns, so between the real open
 * and the record more often than chance has it. They are noted as long as the thread's handler
 * waits for the snapshot, for whoever takes it, so that nobody says of them that no hook saw them.
 */
#pragma once

#include <stdatomic.h>

enum { IN_FLIGHT_NOTED = 16 }; /* of one thread; of a message with more than these, the first */

/* What a thread has noted. */
struct in_flight {
	int count;
	_Atomic int *places[IN_FLIGHT_NOTED];
};

/* Notes what the thread with this ucontext_t (sigaction(2), SA_SIGINFO) was getting, as far as
 * there are places. For the handler in that thread, with all signals blocked until
 * in_flight_forget: a handler that leaves by longjmp would leave the note for ever. */
void in_flight_note(struct in_flight *in_flight, const void *context);

/* Takes it back. */
void in_flight_forget(struct in_flight *in_flight);
