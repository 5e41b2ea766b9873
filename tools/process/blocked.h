// SPDX-License-Identifier: MIT
/*
 * Delivers a signal to a process that blocks it in all its threads. ptrace(2) stops one thread for
 * a moment and unblocks the signal there; the handler of libfdtrail.so blocks it again. A call that
 * waits without a time limit goes on waiting; one with a limit ends with EINTR, as with any signal
 * that is handled. Called by ask.c.
 */
#pragma once

#include <signal.h>

/* Delivers info, a request for a snapshot, to a thread of process pid. 0, or a negative errno:
 * -EPERM we may not trace it, or another process does; -EAGAIN no thread could be stopped. */
int blocked_deliver(int pid, const siginfo_t *info);
