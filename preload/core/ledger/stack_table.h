// SPDX-License-Identifier: MIT
/*
 * The hash table of backtraces: every distinct stack once, in uthash, keyed by its frames, never
 * freed, with its own figures. The figures are what makes growth visible without any history.
 * uthash is touched only when a stack is looked up by its frames, under the capture lock; readers
 * go by id and need no lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "module_table.h"
#include "open_count.h"

/* A frame: the module's id in the high 16 bits, in the low 48 the call's address relative to the
 * module's bias (or absolute for MODULE_NONE). The address is that of the call, one byte before the
 * return address, so that a symbolizer finds the calling line; for a frame interrupted by a signal
 * it is the interrupted instruction. */
typedef uint64_t frame_t;
#define FRAME_MODULE(frame) ((uint32_t)((frame) >> 48))
#define FRAME_OFFSET(frame) ((frame)&0xffffffffffffULL)
#define FRAME_MAKE(module, offset)                                                                 \
	((uint64_t)(module) << 48 | ((uint64_t)(offset)&0xffffffffffffULL))

/* Between the frames of a stack: what follows is the stack that created the goroutine which ran
 * what stands before (Go, the ptrace engine). end is the enum stack_end of what stands before. */
#define FRAME_MODULE_MARK     0xffffu
#define FRAME_CREATED_BY(end) FRAME_MAKE(FRAME_MODULE_MARK, end)

enum stack_end {
	STACK_COMPLETE,      /* ends where the thread begins */
	STACK_DEEPER,        /* cut at FDTRAIL_DEPTH frames */
	STACK_NO_UNWIND,     /* ended at code without unwind data or a usable frame pointer */
	STACK_EARLY,         /* taken before libunwind was loaded: frame pointers only */
	STACK_POINTERS_ONLY, /* libunwind could not be used: frame pointers only */
	/* Of goroutines' creators: */
	STACK_CREATOR_ONLY,  /* the go statement alone is known: GODEBUG=tracebackancestors is not
				set */
	STACK_NO_CREATOR,    /* where goroutines keep them is not known for this version of Go */
	STACK_MORE_CREATORS, /* those before that are not kept: --go-ancestors */
};

enum {
	STACK_NONE = 0,        /* id: no stack is known */
	STACK_OVERFLOW = 1,    /* id: the table was full (STACK_LIMIT), or there was no memory */
	STACK_FIRST = 2,       /* id of the first real stack */
	STACK_LIMIT = 1 << 20, /* ids are below this */
	STACK_DEPTH_MAX = 256,
	STACK_PAGE = 1024, /* stacks to a page of the table */
};

struct stack; /* with its uthash handle: stack_table.c */

/* What readers see of a stack. The figures count since start, or since fork in a forked process. */
struct stack_figures {
	struct open_count count;
	/* Of the closes since this stack has last opened one, where LEDGER_HELD_LEAST or more were
	 * open before the first: how many it had opened by then, how many of them were open, and
	 * ledger.opens at that moment. See ledger_held. */
	_Atomic uint32_t run_opened, run_live, run_opens;
	_Atomic uint32_t
		live; /* at the last ledger_take_figures; the rest of those opened is closed */
	_Atomic uint32_t live_before; /* live at the last snapshot that was written */
};

/* A stack that was captured. */
struct captured {
	uint32_t stack;                /* STACK_NONE: none could be */
	struct stack_figures *figures; /* its own, or NULL */
};

struct stack_view {
	const frame_t *frames; /* innermost first; the first is the caller of the hooked function */
	uint32_t depth;
	enum stack_end end;
	struct stack_figures *figures;
};

/* STACK_PAGE stacks. Whoever closes a descriptor goes by the id alone, and may be faster than the
 * news of the table's count. */
typedef _Atomic(_Atomic(struct stack *) *) stack_page;

_Static_assert(STACK_LIMIT % STACK_PAGE == 0, "stack_table_known divides any id");
_Static_assert(MODULE_LIMIT < FRAME_MODULE_MARK, "a module's id has 16 bits, and is not the mark");

struct stack_table {
	struct arena *arena;
	struct stack *head;          /* uthash's */
	_Atomic uint32_t count;      /* one past the highest id in use */
	_Atomic uint64_t overflowed; /* how many captures got STACK_OVERFLOW */
	stack_page *pages;           /* id -> stack, by pages */
	struct stack *overflow;
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool stack_table_init(struct stack_table *table, struct arena *arena);

/* Gives back the memory that is not the arena's. */
void stack_table_release(struct stack_table *table);

/* Fills an empty table with what from holds, under the same ids. False: no memory. */
bool stack_table_copy(struct stack_table *table, const struct stack_table *from);

/* Returns the id of the stack with these frames, adding it when it is new; STACK_OVERFLOW when the
 * table is full. Callers hold the capture lock. */
uint32_t stack_table_intern(struct stack_table *table, const frame_t *frames, uint32_t depth,
			    enum stack_end end);

/* Builds uthash's structures anew from the stacks themselves: for a child forked while another
 * thread was inside stack_table_intern. */
void stack_table_rebuild(struct stack_table *table);

/* Sets all figures to zero: a forked child starts counting anew. */
void stack_table_reset_figures(struct stack_table *table);

/* Fills view with the stack of id; false for STACK_NONE and unknown ids. Async-signal-safe, any
 * thread, no lock. What view points to lives with the table. */
bool stack_table_view(const struct stack_table *table, uint32_t id, struct stack_view *view);

/* The figures of id, or NULL. Async-signal-safe, any thread, no lock. */
struct stack_figures *stack_table_figures(const struct stack_table *table, uint32_t id);

/* The same for an id from STACK_FIRST on that the table has given out. NULL: another thread has
 * only just done so, and this one does not see it yet. */
static inline struct stack_figures *stack_table_known(const struct stack_table *table, uint32_t id)
{
	_Atomic(struct stack *) *page =
		atomic_load_explicit(&table->pages[id / STACK_PAGE], memory_order_acquire);

	/* Its first member: stack_table.c asserts that. */
	return page ? (struct stack_figures *)atomic_load_explicit(&page[id % STACK_PAGE],
								   memory_order_acquire)
		    : NULL;
}
