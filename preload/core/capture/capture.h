// SPDX-License-Identifier: MIT
/*
 * Captures the stack of the calling thread, as an id of the stack table. The memo finds a known
 * stack in tens of nanoseconds; a new one takes a walk under the capture lock.
 *
 * That lock is fdtrail's only one in the traced program. It can't be part of a deadlock. Signals
 * are blocked while it is held, a walk under it waits for nothing else, and waiting for it has an
 * end: a walk takes the lock away from a fork, and a thread that can't get it from another walk,
 * which only the scheduler or a debugger can delay, records its descriptor without a stack.
 */
#pragma once

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "memo_find.h"
#include "mixed_stack.h"
#include "unwinder.h"

struct capture {
	_Atomic uint32_t closers;  /* threads inside dlclose, and the unlooked ones */
	_Atomic uint32_t unlooked; /* threads that left dlclose but could not get the lock to find
				    * out what is gone */
	struct memo memo;
	struct mixed_stacks mixed; /* those with frames of an interpreted language */
	struct ledger *ledger;
	uint32_t depth;               /* most frames of a stack, <= STACK_DEPTH_MAX */
	const char *main_path;        /* the program's file */
	uintptr_t own_start, own_end; /* fdtrail's code, whose frames are left out; both 0: none */
	_Atomic uint32_t lock;        /* enum capture_lock in its low bits; the holder's ticket */
	_Atomic uint32_t tickets;     /* the last ticket given out */
	_Atomic uint32_t given_up;    /* the lock's word when a thread last gave up waiting */
	bool loaded;                  /* the constructor has tried to load libunwind */
};

enum capture_lock { CAPTURE_FREE, CAPTURE_WALKING, CAPTURE_FORKING };

/* A thread's hold on the lock, which unlocking needs. */
struct capture_hold {
	uint64_t mask;   /* the thread's signal mask before */
	uint32_t ticket; /* the lock's word; CAPTURE_FREE: it doesn't hold the lock */
};

/* Prepares capture to fill ledger's tables. depth: most frames of a stack. main_path: the program's
 * own file; the string must outlive capture. False: no memory. */
bool capture_init(struct capture *capture, struct ledger *ledger, uint32_t depth,
		  const char *main_path);

/* Loads libunwind; until then walks follow frame pointers. For the constructor only, because it
 * calls dlopen. */
void capture_load_unwinder(struct capture *capture);

/* Begins to look for the languages of this list, which ends with NULL. */
void capture_languages(struct capture *capture, const struct interpreter *const *list);

/* Lets the languages that were found prepare themselves: their start() may run their code and
 * change the program's. Only for a constructor, while the process has a single thread. */
void capture_prepare_languages(struct capture *capture);

/* capture_stack for a stack that the memo doesn't know, or when it may not be used. The registers
 * are passed one by one, so that the fast path needn't store them in memory. */
__attribute__((cold)) struct captured capture_cold(struct capture *capture, uintptr_t pc,
						   uintptr_t sp, uintptr_t fp);

/* capture_stack from the memo alone: STACK_NONE if the memo doesn't know the stack. */
static inline __attribute__((always_inline)) struct captured
capture_known(struct capture *capture, struct registers registers, struct stack_bounds *bounds)
{
	if (__builtin_expect(atomic_load_explicit(&capture->closers, memory_order_acquire), 0))
		return (struct captured){.stack = STACK_NONE};
	const struct memo_run *run = memo_search(&capture->memo, registers, bounds);
	if (!run)
		return (struct captured){.stack = STACK_NONE};
	struct captured native = memo_end(run);
	if (__builtin_expect(atomic_load_explicit(&capture->mixed.active, memory_order_relaxed) &&
				     native.stack != STACK_NONE,
			     0))
		return mixed_known(&capture->mixed, &registers, capture->depth, native,
				   atomic_load_explicit(&run->words, memory_order_acquire));
	return native;
}

/* The stack that begins with these registers of the calling thread; STACK_NONE if the lock was not
 * available. bounds belong to the calling thread. Async-signal-safe, any thread. Keeps errno. */
static inline struct captured capture_stack(struct capture *capture, struct registers registers,
					    struct stack_bounds *bounds)
{
	struct captured known = capture_known(capture, registers, bounds);

	if (known.stack != STACK_NONE)
		return known;
	return capture_cold(capture, registers.pc, registers.sp, registers.fp);
}

/* The frame for pc; adds its module to modules. object is the object of the previous frame, or
 * zeroes, and becomes that of pc. The caller must hold the capture lock, or be a tracer outside the
 * program. */
frame_t capture_frame(struct module_table *modules, struct memory *memory, const char *main_path,
		      struct object *object, uintptr_t pc);

/* To be called around fork: capture_before_fork takes the lock, so that no walk is in progress
 * while the process is copied, and blocks all signals until capture_after_fork. False: the lock was
 * not available in time. capture_after_fork must follow in the parent and in the child; it does
 * nothing if hold doesn't hold the lock. */
bool capture_before_fork(struct capture *capture, struct capture_hold *hold);
void capture_after_fork(struct capture *capture, struct capture_hold *hold);

/* To be called in the child as soon as it is known to be one: repairs what other threads had half
 * done. */
void capture_forked(struct capture *capture);

/* To be called around dlclose, because other code may be mapped at the same addresses
 * afterwards. */
void capture_before_dlclose(struct capture *capture);
void capture_after_dlclose(struct capture *capture);
