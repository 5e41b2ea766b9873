// SPDX-License-Identifier: MIT
/*
 * Whether a traced process uses the trigger signal itself. Its calls of sigaction(2) tell, which
 * the filter stops for this one signal, and /proc when one comes in. The rules are the preload's
 * (preload/core/policy/signal_use.h). Called by tracer.c and record.c.
 */
#pragma once

#include <signal.h>

#include "tracer.h"

/* The process is about to set what the signal does: the arguments of rt_sigaction(2). */
void disposition_set(struct process *process, enum call_abi abi, const unsigned long *arguments);

/* Decides what to do with the signal that has come in for this task. */
enum signal_effect disposition_effect(const struct task *task, const siginfo_t *info);

/* Whether the program itself has sent the signal: this process, or a traced one that runs the same
 * file. */
bool disposition_is_own(const struct tracer *tracer, const struct task *task,
			const siginfo_t *info);
