// SPDX-License-Identifier: MIT
/*
 * How `fdtrail snapshot PID` gets the snapshot that it requests, wherever the program's other
 * snapshots go: it sends the signal with a value (sigqueue(3)) that names a file of its own by
 * number, and the tracer writes to that file instead of its usual output, through /proc/PID/fd.
 *
 * It must be safe against other users and against accidents. The kernel decides which processes may
 * send the signal, but the value that comes with it is the sender's word. So the file must look
 * like one that was made for this: empty, in memory, without a name. Such a file holds nothing that
 * could be lost. Its owner must be root, or the user that the program runs as, who can read the
 * program's state anyway; unless the program is private (prctl(2), PR_SET_DUMPABLE), as daemons
 * that were started as root are: then only root gets an answer.
 *
 * If all threads of the program block the signal, `fdtrail snapshot` unblocks it in one of them
 * (tools/process/blocked.h) and notes this in the value; the tracer's handler blocks it again.
 *
 * For a program that the ptrace engine traces, the request goes to the engine: it gets a signal of
 * its own, and the file's name says which process is meant. So the program gets no signal.
 *
 * A program that can't open the file, because it has no /proc in its root or is in another PID
 * namespace than the command, is asked to leave the text in its memory
 * (preload/core/policy/answer_box.h): the value has a token in place of the file's number. Then the
 * sender's id may be 0, as the kernel makes it for a sender that the program's PID namespace
 * doesn't have (send_signal_locked, kernel/signal.c).
 *
 * Used by the tracer's signal handler and the ptrace engine, and by tools/process/, which sends the
 * requests.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The upper half of the value; the number of the file is in the lower half. */
#define CHANNEL_MARK UINT64_C(0x6664747200000000) /* "fdtr" */

/* A request to the ptrace engine: this signal, and a file whose name is this and the process id. */
#define CHANNEL_ENGINE_SIGNAL SIGRTMIN
#define CHANNEL_ENGINE_FILE   "fdtrail snapshot of "

/* The largest token of a request that is answered in memory; the smallest is 1. */
#define CHANNEL_TOKEN_MAX UINT32_C(0xffff)

/* Whether the signal is a request for a snapshot through a channel, or in memory.
 * Async-signal-safe. */
bool channel_asks(const siginfo_t *info);

/* For the sender: makes info a request that is answered in memory, with this token. */
void channel_set_token(siginfo_t *info, uint32_t token);

/* The token of a request that is answered in memory; 0: the request names a file, or it is none.
 * Async-signal-safe. */
uint32_t channel_token(const siginfo_t *info);

/* For the sender: notes that the thread that gets this signal usually blocks it.
 * Async-signal-safe. */
void channel_set_blocked(siginfo_t *info);

/* Whether the thread that got such a signal usually blocks it. Async-signal-safe. */
bool channel_was_blocked(const siginfo_t *info);

/* The number of the file in the process that sent the request. Async-signal-safe. */
int channel_file(const siginfo_t *info);

/* Opens the file that the signal names, for writing. Returns a descriptor, which the caller closes;
 * -1 if the file can't be opened or isn't a channel. The caller must have the program's
 * credentials. Async-signal-safe. */
int channel_open(const siginfo_t *info);
