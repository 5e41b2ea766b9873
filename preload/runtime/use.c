// SPDX-License-Identifier: MIT
/* See use.h. */
#include "use.h"

#include <errno.h>

#include "preload/libc/use_real.h"

/* The stack of a use, if the memo doesn't know it. */
static __attribute__((noinline, cold)) uint32_t new_user(const void *frame)
{
	struct use_table *table = &runtime.ledger.uses;
	struct registers registers = runtime_registers(frame);

	if (atomic_load(&table->walks) >= USE_STACKS)
		return STACK_NONE;
	atomic_fetch_add(&table->walks, 1);
	return capture_cold(&runtime.capture, registers.pc, registers.sp, registers.fp).stack;
}

static uint32_t user(const void *frame)
{
	struct captured known =
		capture_known(&runtime.capture, runtime_registers(frame), &thread_state.bounds);

	return known.stack != STACK_NONE ? known.stack : new_user(frame);
}

void use_record(int fd, const void *frame)
{
	struct use_table *table = &runtime.ledger.uses;
	uint32_t sequence = ledger_times_recorded(&runtime.ledger, fd);
	int saved = errno;

	if (!use_table_follows(table, fd, sequence) || !runtime_on() ||
	    !ledger_read(&runtime.ledger, fd, NULL, NULL)) {
		errno = saved;
		return;
	}
	uint32_t stack = user(frame);
	if (stack >= STACK_FIRST)
		use_table_store(table, fd, sequence, stack);
	else
		atomic_fetch_add(&table->dropped, 1);
	errno = saved;
}

bool use_start(enum use_mode mode)
{
	if (!use_table_start(&runtime.ledger.uses, mode))
		return false;
	if (mode != USES_OFF)
		use_real_resolve();
	return true;
}

bool use_redirects(void)
{
	return atomic_load(&runtime.ledger.uses.mode) != USES_OFF;
}

void use_follow(int fd)
{
	/* Everybody uses the standard streams. */
	if (fd > STDERR_FILENO && use_redirects())
		use_table_follow(&runtime.ledger.uses, fd,
				 ledger_times_recorded(&runtime.ledger, fd));
}
