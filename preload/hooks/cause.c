// SPDX-License-Identifier: MIT
/*
 * The functions behind preload/include/fdtrail.h, by which a program says who has asked for the
 * work that a thread does. They are no hooks. A cause is the id of a stack; one that isn't known
 * counts as none.
 */
#include "hook.h"

HOOK unsigned int libfdtrail_cause_here(void);
HOOK unsigned int libfdtrail_cause_set(unsigned int cause);

unsigned int libfdtrail_cause_here(void)
{
	struct captured captured;

	if (!runtime_on())
		return STACK_NONE;
	captured = capture_stack(&runtime.capture, runtime_registers(HERE), &thread_state.bounds);
	return captured.stack < STACK_FIRST ? STACK_NONE : captured.stack | ASKED_BY_PROGRAM;
}

unsigned int libfdtrail_cause_set(unsigned int cause)
{
	uint32_t before = capture_asked, stack = cause & ~(uint32_t)ASKED_BY_PROGRAM;

	capture_asked = stack < STACK_FIRST || stack >= STACK_LIMIT ? STACK_NONE : cause;
	if (capture_asked != STACK_NONE &&
	    __builtin_expect(!(atomic_load(&runtime.capture.mixed.active) & MIXED_CAUSES), 0))
		atomic_fetch_or(&runtime.capture.mixed.active, MIXED_CAUSES);
	return before;
}
