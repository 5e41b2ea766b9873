// SPDX-License-Identifier: MIT
/*
 * What a traced process does with the signal that asks for a snapshot: by its calls of
 * sigaction(2), which the filter stops for this one signal, and by /proc when one comes in. The
 * rules are the preload's (preload/core/policy/signal_use.h). Called by tracer.c and record.c.
 */
#pragma once

#include <signal.h>

#include "tracer.h"

/* The process is about to set what the signal does: the arguments of rt_sigaction(2). */
void disposition_set(struct process *process, enum call_abi abi, const unsigned long *arguments);

/* What becomes of the signal that has come in for this task. */
enum signal_effect disposition_effect(const struct task *task, const siginfo_t *info);

/* Whether the program itself has sent it: this process or a traced one with the same file. */
bool disposition_is_own(const struct tracer *tracer, const struct task *task,
			const siginfo_t *info);
