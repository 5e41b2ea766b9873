// SPDX-License-Identifier: MIT
/*
 * The descriptors that an interrupted thread has just received and has not recorded. A request for
 * a snapshot is a signal, and the kernel delivers signals when a system call returns, so it often
 * comes between the real open and the record. The thread's handler notes these numbers until the
 * snapshot is taken; the snapshot lists a noted number as "being opened", and not as opened by an
 * untraced call. runtime/README.md states the whole protocol.
 */
#pragma once

#include <stdatomic.h>

/* Notes of one thread. A message may bring more descriptors than that: the first are noted. */
enum { IN_FLIGHT_NOTED = 16 };

/* The notes of one thread. */
struct in_flight {
	int count;
	_Atomic int *places[IN_FLIGHT_NOTED]; /* in runtime.wiped, each a number plus 1 */
};

/* Notes the descriptors in flight of the calling thread, whose signal handler got this ucontext_t
 * (sigaction(2), SA_SIGINFO), as far as there are places. All signals must be blocked until
 * in_flight_forget, because a handler that leaves by longjmp would leave the notes for ever.
 * Async-signal-safe. */
void in_flight_note(struct in_flight *in_flight, const void *context);

/* Takes the notes back. Async-signal-safe. */
void in_flight_forget(struct in_flight *in_flight);
