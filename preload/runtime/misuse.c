// SPDX-License-Identifier: MIT
/* See misuse.h. */
#include "misuse.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "misuse_copy.h"
#include "misuse_report.h"
#include "misuse_standard.h"
#include "trigger.h"

/* A failed close that may be part of a row of closes. One for all threads: if another thread has
 * one meanwhile, the earlier one is reported as it is. */
static struct {
	_Atomic uint32_t lock; /* 1: a thread reads or changes the rest */
	_Atomic bool waiting;
	struct misuse misuse;
} pending;

/* The last failed close, whether it was reported or not. */
static _Atomic uint64_t last_failed; /* number 32, thread 32 bits */
static _Atomic uintptr_t last_failed_pc, last_failed_sp;

static bool lock_pending(void)
{
	uint32_t free = 0;

	/* A signal handler that interrupts its own thread here must not wait. */
	return atomic_compare_exchange_strong(&pending.lock, &free, 1);
}

static void unlock_pending(void)
{
	atomic_store(&pending.lock, 0);
}

/* Whether this thread has closed the number beside fd at the same stack. */
static bool closed_beside(int fd, uint32_t stack, uint32_t thread)
{
	struct last_close last;

	for (int beside = fd - 1; beside <= fd + 1; beside += 2)
		if (beside >= 0 && slot_last_close(&runtime.ledger, beside, &last) &&
		    last.thread == slot_thread(thread) && last.closer == stack)
			return true;
	return false;
}

static bool is_beside(int a, int b)
{
	return a == b + 1 || b == a + 1;
}

/* Notes that this thread has failed to close fd. True if it did so with the number beside just
 * before, at the same place. */
static bool continues_row(int fd, uint32_t thread, struct registers registers)
{
	uint64_t before = atomic_exchange(&last_failed, (uint64_t)(uint32_t)fd << 32 | thread);
	uintptr_t pc = atomic_exchange(&last_failed_pc, registers.pc);
	uintptr_t sp = atomic_exchange(&last_failed_sp, registers.sp);

	return (uint32_t)before == thread && is_beside(fd, (int)(before >> 32)) &&
	       pc == registers.pc && sp == registers.sp;
}

/* Ends the waiting for the next call of a thread; 0: of any. True if misuse was waiting. */
static bool take_pending(uint32_t thread, struct misuse *misuse)
{
	bool found;

	if (!atomic_load(&pending.waiting) || !lock_pending())
		return false;
	found = pending.waiting && (!thread || pending.misuse.here.thread == thread);
	if (found) {
		*misuse = pending.misuse;
		pending.waiting = false;
	}
	unlock_pending();
	return found;
}

static void wait_for_next(const struct misuse *misuse)
{
	struct misuse earlier;

	if (take_pending(0, &earlier))
		misuse_report(&earlier);
	if (!lock_pending()) {
		misuse_report(misuse);
		return;
	}
	pending.misuse = *misuse;
	pending.waiting = true;
	atomic_store(&runtime.watching, true);
	unlock_pending();
}

/* Whether this thread has closed any other number at the same stack. */
static bool closed_others(const struct misuse *misuse)
{
	struct last_close last;

	for (int fd = 0; fd < PAGE_SLOTS; fd++)
		if (fd != misuse->fd && slot_last_close(&runtime.ledger, fd, &last) &&
		    last.thread == slot_thread(misuse->here.thread) &&
		    last.closer == misuse->here.stack)
			return true;
	return false;
}

/* Whether a close that was waiting for the next call is no part of a row. A row of closes that
 * succeed may have gaps: it takes the numbers from /proc/self/fd. */
static bool stands_alone(const struct misuse *misuse)
{
	return misuse->kind == MISUSE_OF_STREAM
		       ? !closed_others(misuse)
		       : !closed_beside(misuse->fd, misuse->here.stack, misuse->here.thread);
}

/* Reports it now, or after the thread's next call, if it is no part of a row. */
static void report_alone(const struct misuse *misuse)
{
	if (!stands_alone(misuse))
		return;
	if (runtime.options.misuse == MISUSE_ABORTS)
		misuse_report(misuse);
	else
		wait_for_next(misuse);
}

/* Whether a close of a stream's number, which is this close, was reported. */
static bool is_known_of_stream(uint32_t closer, uint32_t opener)
{
	struct misuse misuse;
	uint64_t count;

	for (uint32_t i = 0; misuse_table_get(&runtime.ledger.misuses, i, &misuse, &count); i++)
		if (misuse.kind == MISUSE_OF_STREAM && misuse.here.stack == closer &&
		    misuse.opened.stack == opener)
			return true;
	return false;
}

/* Finds the close before a failed one. False: it isn't known to be wrong. */
static bool find_double_close(int fd, const struct closing *recorded, struct misuse *misuse)
{
	struct last_close last;
	struct ledger_entry entry;

	if (recorded->slot) {
		/* The entry was there: a call that no hook has seen has closed the number, or
		 * another thread at this moment. */
		ledger_unpack(&runtime.ledger, (struct ledger_words){recorded->a, recorded->b},
			      &entry);
		if (entry.stack < STACK_FIRST || entry.before_fork)
			return false;
		misuse->opened = misuse_opener(&entry);
		return true;
	}
	if (!slot_last_close(&runtime.ledger, fd, &last) || last.closer < STACK_FIRST ||
	    last.opener < STACK_FIRST)
		return false;
	misuse->closed = (struct misuse_place){last.closer, last.thread};
	misuse->opened.stack = last.opener;
	return true;
}

/* Whether a stream's close of fd is no double close of its own. */
static bool streams_own(int fd, const struct misuse *misuse)
{
	/* stdin, stdout and stderr are there whether their numbers are open or not, and many
	 * programs close them at exit: `ls >&-`. */
	return fd <= STDERR_FILENO ||
	       is_known_of_stream(misuse->closed.stack, misuse->opened.stack);
}

void misuse_close_failed(int fd, const struct closing *recorded, const char *call,
			 const void *frame)
{
	struct registers registers = runtime_registers(frame);
	struct misuse misuse = {.kind = MISUSE_DOUBLE_CLOSE, .call = call, .fd = fd}, earlier;
	int saved = errno;

	if (fd < 0 || !misuse_wanted())
		return;
	if (saved != EBADF) {
		/* close(2): after EINTR and other errors the number is free, too, and many programs
		 * close it again. */
		slot_forget_close(&runtime.ledger, fd);
		return;
	}
	misuse.here.thread = runtime_thread();
	if (continues_row(fd, misuse.here.thread, registers)) {
		take_pending(misuse.here.thread, &earlier);
		errno = saved;
		return;
	}
	/* The stream's own close, after a close of its number, is the better report of the two. */
	if (take_pending(misuse.here.thread, &earlier) &&
	    !(earlier.kind == MISUSE_OF_STREAM && earlier.fd == fd) && stands_alone(&earlier))
		misuse_report(&earlier);
	if (find_double_close(fd, recorded, &misuse) &&
	    (strcmp(call, "close") == 0 || !streams_own(fd, &misuse))) {
		misuse.at = runtime_ticks();
		misuse.here.stack =
			capture_stack(&runtime.capture, registers, &thread_state.bounds).stack;
		report_alone(&misuse);
	}
	errno = saved;
}

void misuse_use_failed(int fd, const char *call, const void *frame)
{
	struct misuse misuse = {.kind = MISUSE_USE, .call = call, .fd = fd};
	struct last_close last;
	int saved = errno;

	if (saved != EBADF || fd < 0 || !misuse_wanted() || slot_stack(&runtime.ledger, fd) ||
	    !slot_last_close(&runtime.ledger, fd, &last) || last.closer < STACK_FIRST ||
	    last.opener < STACK_FIRST)
		return;
	misuse.at = runtime_ticks();
	misuse.here.thread = runtime_thread();
	misuse.here.stack =
		capture_stack(&runtime.capture, runtime_registers(frame), &thread_state.bounds)
			.stack;
	misuse.closed = (struct misuse_place){last.closer, last.thread};
	misuse.opened.stack = last.opener;
	misuse_report(&misuse);
	errno = saved;
}

/* Whether this stack has closed twice what that opener had opened and that closer had closed. */
static bool closes_twice(uint32_t stack, const struct last_close *last)
{
	struct misuse misuse;
	uint64_t count;

	for (uint32_t i = 0; misuse_table_get(&runtime.ledger.misuses, i, &misuse, &count); i++)
		if (misuse.kind == MISUSE_DOUBLE_CLOSE && misuse.here.stack == stack &&
		    misuse.closed.stack == last->closer && misuse.opened.stack == last->opener)
			return true;
	return false;
}

void misuse_before_close(int fd, uint32_t closer)
{
	struct misuse misuse = {.kind = MISUSE_CLOSE_OF_OTHER, .call = "close", .fd = fd};
	struct last_close last;
	struct ledger_entry entry;

	/* That a thread closes a number, and later a second descriptor with the same number that
	 * another thread has opened, is usual. It is wrong if this very stack was seen to close
	 * twice what it closes after the same close. */
	if (!misuse_wanted() || !ledger_read(&runtime.ledger, fd, &entry, NULL) ||
	    entry.stack < STACK_FIRST || entry.before_fork ||
	    !slot_last_close(&runtime.ledger, fd, &last) || entry.stack == last.opener ||
	    !misuse_is_mine(&last) || entry.thread == last.thread || !closes_twice(closer, &last))
		return;
	misuse.at = runtime_ticks();
	misuse.here = (struct misuse_place){closer, runtime_thread()};
	misuse.closed = (struct misuse_place){last.closer, last.thread};
	misuse.opened = misuse_opener(&entry);
	misuse_report(&misuse);
}

void misuse_stream_closed(const struct closing *closed, const char *call, const void *frame)
{
	struct misuse misuse = {.kind = MISUSE_OF_STREAM, .call = call, .fd = closed->fd};
	struct ledger_entry entry;
	int saved = errno;

	/* The standard streams are there whether their numbers are open or not. */
	if (closed->fd <= STDERR_FILENO || closed->closer < STACK_FIRST || !misuse_wanted())
		return;
	ledger_unpack(&runtime.ledger, (struct ledger_words){closed->a, closed->b}, &entry);
	if (entry.stack < STACK_FIRST || entry.before_fork || entry.origin == FD_INHERITED)
		return;
	misuse.at = runtime_ticks();
	misuse.here = (struct misuse_place){closed->closer, runtime_thread()};
	misuse.opened = misuse_opener(&entry);
	if (!continues_row(closed->fd, misuse.here.thread, runtime_registers(frame)))
		report_alone(&misuse);
	errno = saved;
}

void misuse_before_stream_close(int fd, const char *call, const void *frame)
{
	struct misuse misuse = {.kind = MISUSE_CLOSE_OF_OTHER, .call = call, .fd = fd};
	struct ledger_entry entry;
	struct last_close last;

	/* The number was taken from a stream by close(), and what has it now belongs to none: an
	 * fdopen would have made it a stream's. */
	if (!misuse_wanted() || !ledger_read(&runtime.ledger, fd, &entry, NULL) ||
	    entry.owner != FD_OWNER_NONE || entry.origin != FD_OPENED || entry.before_fork ||
	    entry.stack < STACK_FIRST || !slot_last_close(&runtime.ledger, fd, &last) ||
	    !is_known_of_stream(last.closer, last.opener))
		return;
	misuse.at = runtime_ticks();
	misuse.here = (struct misuse_place){runtime_closer(frame), runtime_thread()};
	misuse.closed = (struct misuse_place){last.closer, last.thread};
	misuse.opened = misuse_opener(&entry);
	misuse_report(&misuse);
}

static bool waits(void)
{
	return atomic_load(&pending.waiting) || misuse_standard_waits();
}

void misuse_watch(void)
{
	struct misuse earlier;

	if (take_pending(runtime_thread(), &earlier) && stands_alone(&earlier))
		misuse_report(&earlier);
	misuse_standard_watch();
	if (!waits()) {
		trigger_unwatch();
		/* Another thread may have begun to wait before the watching ended. */
		if (waits())
			atomic_store(&runtime.watching, true);
	}
}

void misuse_settle(bool ends)
{
	struct misuse earlier;

	if (take_pending(0, &earlier) && stands_alone(&earlier)) {
		atomic_store(&runtime.misused, true);
		misuse_table_add(&runtime.ledger.misuses, &earlier);
	}
	if (ends)
		misuse_standard_settle();
}

void misuse_start(void)
{
	atomic_store(&pending.waiting, false);
	atomic_store(&pending.lock, 0);
	atomic_store(&last_failed, 0);
	misuse_copy_start();
	misuse_standard_start();
	misuse_report_start();
}
