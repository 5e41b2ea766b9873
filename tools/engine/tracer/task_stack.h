// SPDX-License-Identifier: MIT
/* Captures the stack of a stopped task, as an id in the stack table of its ledger. */
#pragma once

#include "tracer.h"

/* The task must have a table. registers: the task's, at this stop. STACK_NONE: the stack isn't
 * known. */
uint32_t stack_capture(const struct tracer *tracer, const struct task *task,
		       const struct user_regs_struct *registers);

/* The same if remote_memory_begin() has been called at this stop. */
uint32_t stack_capture_begun(const struct tracer *tracer, const struct task *task,
			     const struct user_regs_struct *registers);
