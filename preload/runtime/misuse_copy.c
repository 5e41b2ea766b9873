// SPDX-License-Identifier: MIT
/* See misuse_copy.h. */
#include "misuse_copy.h"

#include <errno.h>

#include "misuse_report.h"

/* Pairs of stacks: a close, and the copy over its number while that was free. Filled from the first
 * place on; if all are taken, more pairs are not learned, so such copies are not reported. */
enum { REFILLS = 64, COPY_STACK = 32 };
static _Atomic uint64_t refills[REFILLS];

static uint64_t refill_of(uint32_t closer, uint32_t copier)
{
	return closer | (uint64_t)copier << COPY_STACK;
}

static void learn(uint64_t refill)
{
	for (size_t i = 0; i < REFILLS; i++) {
		uint64_t there = 0;

		if (atomic_compare_exchange_strong(&refills[i], &there, refill) || there == refill)
			break;
	}
}

static bool is_known(uint64_t refill)
{
	for (size_t i = 0; i < REFILLS; i++) {
		uint64_t there = atomic_load(&refills[i]);

		if (!there)
			break;
		if (there == refill)
			return true;
	}
	return false;
}

/* Whether this thread has closed the number last, and it is known where it was opened. */
static bool closed_by_me(int fd, struct last_close *last)
{
	return slot_last_close(&runtime.ledger, fd, last) && last->closer >= STACK_FIRST &&
	       last->opener >= STACK_FIRST && misuse_is_mine(last);
}

void misuse_copied_over_free(int newfd)
{
	struct last_close last;
	uint32_t stack;

	if (misuse_wanted() && closed_by_me(newfd, &last) &&
	    (stack = slot_stack(&runtime.ledger, newfd)) >= STACK_FIRST)
		learn(refill_of(last.closer, stack));
}

void misuse_copied_over(const struct closing *replaced, const char *call)
{
	struct misuse misuse = {.kind = MISUSE_COPY_OVER_OTHER, .call = call, .fd = replaced->fd};
	struct ledger_entry entry;
	struct last_close last;
	int saved = errno;

	if (!misuse_wanted() || replaced->closer < STACK_FIRST ||
	    !closed_by_me(replaced->fd, &last) ||
	    !is_known(refill_of(last.closer, replaced->closer)))
		return;
	ledger_unpack(&runtime.ledger, (struct ledger_words){replaced->a, replaced->b}, &entry);
	if (entry.stack < STACK_FIRST || entry.before_fork || entry.origin == FD_INHERITED ||
	    entry.origin == FD_DUPLICATED || entry.stack == last.opener ||
	    entry.thread == last.thread)
		return;
	misuse.at = runtime_ticks();
	misuse.here = (struct misuse_place){replaced->closer, runtime_thread()};
	misuse.closed = (struct misuse_place){last.closer, last.thread};
	misuse.opened = misuse_opener(&entry);
	misuse_report(&misuse);
	errno = saved;
}

void misuse_copy_start(void)
{
	for (size_t i = 0; i < REFILLS; i++)
		atomic_store(&refills[i], 0);
}
