// SPDX-License-Identifier: MIT
/*
 * The stack of the calling thread, as an id of the stack table: by the memo in tens of nanoseconds,
 * by a walk under the capture lock when the memo does not know it yet.
 *
 * That lock is the only one in the traced program. Signals are blocked while it is held, a walk
 * calls nothing under it that waits for anything else, and waiting for it has an end: from a fork
 * it is taken away, and who can't have it from another walk, which nothing but the scheduler or a
 * debugger can hold up, records its descriptor without a stack. So it can't be part of a deadlock.
 */
#pragma once

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "memo_find.h"
#include "unwinder.h"

struct capture {
	_Atomic uint32_t closers;  /* threads inside dlclose, and those below */
	_Atomic uint32_t unlooked; /* .. that could not have the lock to look what is gone */
	struct memo memo;
	struct ledger *ledger;
	uint32_t depth;               /* most frames of a stack, <= STACK_DEPTH_MAX */
	const char *main_path;        /* the program's file */
	uintptr_t own_start, own_end; /* our own code: its frames are left out; both 0: none */
	_Atomic uint32_t lock;        /* enum capture_lock in its low bits; the holder's ticket */
	_Atomic uint32_t tickets;     /* the last one given out */
	_Atomic uint32_t given_up;    /* the lock's word when it was last waited for in vain */
	bool loaded;                  /* the constructor has tried to load libunwind */
};

enum capture_lock { CAPTURE_FREE, CAPTURE_WALKING, CAPTURE_FORKING };

/* What a thread has to give back with the lock. */
struct capture_hold {
	uint64_t mask;   /* its own signal mask */
	uint32_t ticket; /* the lock's word; CAPTURE_FREE: it has nothing */
};

/* Prepares capture to fill ledger's tables. main_path: the program's own file; must stay. False: no
 * memory. */
bool capture_init(struct capture *capture, struct ledger *ledger, uint32_t depth,
		  const char *main_path);

/* Loads libunwind; until then, walks follow frame pointers. For the constructor only. */
void capture_load_unwinder(struct capture *capture);

/* capture_stack where the memo does not know the stack, or may not be asked. The registers one by
 * one, so that they are in memory only from here on. */
__attribute__((cold)) struct captured capture_cold(struct capture *capture, uintptr_t pc,
						   uintptr_t sp, uintptr_t fp);

/* The same from the memo alone: STACK_NONE when it does not know the stack. */
static inline __attribute__((always_inline)) struct captured
capture_known(struct capture *capture, struct registers registers, struct stack_bounds *bounds)
{
	if (__builtin_expect(atomic_load_explicit(&capture->closers, memory_order_acquire), 0))
		return (struct captured){.stack = STACK_NONE};
	return memo_find(&capture->memo, registers, bounds);
}

/* The stack that begins with these registers of the calling thread; STACK_NONE when the
 * lock could not be had. bounds belong to the thread. Async-signal-safe. Keeps errno. */
static inline struct captured capture_stack(struct capture *capture, struct registers registers,
					    struct stack_bounds *bounds)
{
	struct captured known = capture_known(capture, registers, bounds);

	if (known.stack != STACK_NONE)
		return known;
	return capture_cold(capture, registers.pc, registers.sp, registers.fp);
}

/* The frame for pc, its module noted in modules. object: what the frame before lay in, or zeroes;
 * changes to that of pc. Callers hold the capture lock, or are a tracer outside of the program. */
frame_t capture_frame(struct module_table *modules, struct memory *memory, const char *main_path,
		      struct object *object, uintptr_t pc);

/* Around fork: no walk is in progress while the process is copied, if that can be had in time.
 * Between the two all signals are blocked. False: the lock could not be had. capture_after_fork
 * follows in the parent and in the child; it does nothing for a hold that holds nothing. */
bool capture_before_fork(struct capture *capture, struct capture_hold *hold);
void capture_after_fork(struct capture *capture, struct capture_hold *hold);

/* In the child, once it is known to be one: repairs what another thread left half done. */
void capture_forked(struct capture *capture);

/* Around dlclose: what addresses mean may change. */
void capture_before_dlclose(struct capture *capture);
void capture_after_dlclose(struct capture *capture);
