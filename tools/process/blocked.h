// SPDX-License-Identifier: MIT
/*
 * A signal for a process that blocks it in all its threads. One of them is held by ptrace(2) for a
 * moment and gets the signal with it unblocked; the handler of libfdtrail.so blocks it again. Calls
 * that wait without a time limit go on as if nothing had been; one that waits for a time ends with
 * EINTR, as by any signal that is handled. Called by ask.c.
 */
#pragma once

#include <signal.h>

/* Delivers info, a signal to ask by, to a thread of process pid. 0, or a negative errno: -EPERM: we
 * may not trace it; -EBUSY: somebody else does; -EAGAIN: no thread could be held. */
int blocked_deliver(int pid, const siginfo_t *info);
