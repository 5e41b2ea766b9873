// SPDX-License-Identifier: MIT
/*
 * What the signal that asks for a snapshot means to the program beside that. The preload
 * (signals.c) and the ptrace engine (tools/engine/) follow the same rules:
 *
 * - A signal that the program sends itself means what it means without the tracer, and so does one
 *   that comes after the program has chosen the default action by sigaction(2) or its like.
 * - Any other takes a snapshot first, and then runs the handler that the program has set.
 * - Some runtimes of languages handle the signal for themselves, before the program has asked for
 *   anything: node opens its debugger, ruby and erlang end. Such a handler runs only for signals
 *   that the program sends itself.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/line.h"

/* Kept for a process since its exec, copied by fork. All zeroes at first. */
struct signal_use {
	bool chosen;        /* the program has set the action that is in force */
	bool of_runtime;    /* .. but it is what the runtime of a language does by itself */
	bool runtime_began; /* such a runtime has set its handler: what follows is the program's */
};

/* The program sets handler with these flags of sigaction(2). module: the file that the handler lies
 * in, or NULL. Async-signal-safe. */
void signal_use_set(struct signal_use *use, uintptr_t handler, int flags, const char *module);

enum signal_effect {
	SIGNAL_ASKS, /* a snapshot, and nothing else */
	SIGNAL_RUNS, /* a snapshot, then the program's handler */
	SIGNAL_ENDS, /* the default action: it ends the program */
};

/* What the signal does, where handler is what sigaction(2) would read back. own: the program has
 * sent it itself. */
enum signal_effect signal_use_effect(const struct signal_use *use, int number, uintptr_t handler,
				     bool own);

/* The process that has sent the signal; 0: the kernel, or it is not known. */
int signal_sender(const siginfo_t *info);

/* Whether process pid, which has got the signal, has also sent it, or a timer of its own has. */
bool signal_is_from(const siginfo_t *info, int pid);

/* "SIGUSR1 from process 12", "SIGUSR1 by fdtrail snapshot, process 12": the words of a snapshot's
 * `why:`. */
void signal_use_why(struct line *why, const siginfo_t *info);

/* What follows these words when the sender is the program itself or another process of it. */
#define SIGNAL_OF_PROGRAM ", the program's own signal"
