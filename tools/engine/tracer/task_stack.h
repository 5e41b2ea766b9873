// SPDX-License-Identifier: MIT
/* The stack of a stopped task, as an id of its table's stack table. */
#pragma once

#include "tracer.h"

/* STACK_NONE when nothing is known. The task has a table. registers: its own, at this stop. */
uint32_t stack_capture(const struct tracer *tracer, const struct task *task,
		       const struct user_regs_struct *registers);

/* The same for one whose memory has been read at this stop: remote_memory_begin(). */
uint32_t stack_capture_begun(const struct tracer *tracer, const struct task *task,
			     const struct user_regs_struct *registers);
