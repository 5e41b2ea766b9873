// SPDX-License-Identifier: MIT
/*
 * The snapshot's signal may also have a meaning for the program. The preload (signals.c) and the
 * ptrace engine (tools/engine/) follow the same rules:
 *
 * - If the program sends the signal to itself, or has chosen the default action by sigaction(2) or
 *   its like, the signal does what it does without the tracer.
 * - Any other signal takes a snapshot first, and then runs the handler that the program has set.
 * - Some language runtimes set a handler by themselves, before the program's own code has set any:
 *   node opens its debugger, ruby and erlang end. Such a handler runs only for signals that the
 *   program sends to itself.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/line.h"

/* The state of a process since its exec; fork copies it. It begins with all zeroes. */
struct signal_use {
	bool chosen;        /* the program has set the current action */
	bool of_runtime;    /* the current action is a language runtime's own */
	bool runtime_began; /* a runtime has set its handler; later ones are the program's */
};

/* Records that the program sets handler with these flags of sigaction(2). module: the file that the
 * handler lies in, or NULL. Async-signal-safe. */
void signal_use_set(struct signal_use *use, uintptr_t handler, int flags, const char *module);

enum signal_effect {
	SIGNAL_ASKS, /* a snapshot, and nothing else */
	SIGNAL_RUNS, /* a snapshot, then the program's handler */
	SIGNAL_ENDS, /* the default action: it ends the program */
};

/* The effect of the signal; handler is the one that sigaction(2) returns. own: the program has sent
 * the signal itself. Async-signal-safe, like all functions here. */
enum signal_effect signal_use_effect(const struct signal_use *use, int number, uintptr_t handler,
				     bool own);

/* The process that has sent the signal; 0: the kernel, or not known. */
int signal_sender(const siginfo_t *info);

/* Whether the signal that process pid got was sent by pid itself, or by a timer of its own. */
bool signal_is_from(const siginfo_t *info, int pid);

/* Adds to why: "SIGUSR1 from process 12", "SIGUSR1 by fdtrail snapshot, process 12". These are the
 * words of a snapshot's `why:` line. */
void signal_use_why(struct line *why, const siginfo_t *info);

/* Follows these words if the sender is the program itself or another process of it. */
#define SIGNAL_OF_PROGRAM ", the program's own signal"
