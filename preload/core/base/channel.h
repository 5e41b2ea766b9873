// SPDX-License-Identifier: MIT
/*
 * How `fdtrail snapshot PID` gets the text that it has asked for, wherever the program's snapshots
 * go: it sends the signal with a value (sigqueue(3)) that names a file of its own by number, and
 * the tracer writes to that file instead of its usual output, through /proc/PID/fd.
 *
 * It must be safe against other users and against accidents: who may send the signal is the
 * kernel's decision, but what comes with it is the sender's word. So the file must have all marks
 * of one that was made for this: empty, in memory, without a name. Such a file holds nothing that
 * could be lost. And its owner must be root, or the user that the program runs as, who can read the
 * program's state anyway; unless the program is private (prctl(2), PR_SET_DUMPABLE), as daemons are
 * that were started as root: then only root gets an answer.
 *
 * Where all threads of the program block the signal, `fdtrail snapshot` lets one of them have it
 * (tools/process/blocked.h), and says so in the value: the tracer's handler blocks it again.
 *
 * The ptrace engine is asked itself: its process gets a signal of its own, and the file's name says
 * which process is meant. So the program gets no signal.
 *
 * Used by the tracer's signal handler, by the ptrace engine and, to ask, by tools/process/.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* In the upper half of the value; the number of the file is in the lower. */
#define CHANNEL_MARK UINT64_C(0x6664747200000000) /* "fdtr" */

/* How the ptrace engine is asked: by this signal, with a file of this name and the process id. */
#define CHANNEL_ENGINE_SIGNAL SIGRTMIN
#define CHANNEL_ENGINE_FILE   "fdtrail snapshot of "

/* Whether the signal asks for a snapshot through a channel. Async-signal-safe. */
bool channel_asks(const siginfo_t *info);

/* For who asks: the thread that gets such a signal blocks it otherwise. */
void channel_set_blocked(siginfo_t *info);

/* Whether the thread that such a signal has been delivered to blocks it otherwise. */
bool channel_was_blocked(const siginfo_t *info);

/* The number of the file in the process that asks. */
int channel_file(const siginfo_t *info);

/* Opens the file that the signal names: a descriptor to write to, or -1 when it is not one to write
 * to. To be called with the credentials of the program. Async-signal-safe. */
int channel_open(const siginfo_t *info);
