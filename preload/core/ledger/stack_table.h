// SPDX-License-Identifier: MIT
/*
 * The hash table of backtraces. It holds every distinct stack once, in uthash, keyed by its frames,
 * and never frees it. Each stack has its own figures, which show growth without any history. uthash
 * is used only to look a stack up by its frames, under the capture lock; readers use ids and need
 * no lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "closer_table.h"
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

/* A marker between the frames of a stack (Go, the ptrace engine): the frames after it belong to the
 * goroutine that started the one before it. end is the enum stack_end of the frames before it. */
#define FRAME_MODULE_MARK     0xffffu
#define FRAME_CREATED_BY(end) FRAME_MAKE(FRAME_MODULE_MARK, end)

/* Another marker: the frames after it asked for what the ones before it do, in another thread or at
 * another time. */
#define FRAME_ASKED_FOR_BY(end) FRAME_MAKE(FRAME_MODULE_MARK, FRAME_ASKED | (end))
#define FRAME_ASKED             0x100
#define FRAME_MARK_END(frame)   ((enum stack_end)((frame)&0xff))

/* A frame of an interpreted language; the offset is the number of its name in the language table.
 */
#define FRAME_MODULE_LANGUAGE     0xfffeu
#define FRAME_OF_LANGUAGE(number) FRAME_MAKE(FRAME_MODULE_LANGUAGE, number)

enum stack_end {
	STACK_COMPLETE,      /* ends where the thread begins */
	STACK_DEEPER,        /* cut at FDTRAIL_DEPTH frames */
	STACK_NO_UNWIND,     /* ended at code without unwind data or a usable frame pointer */
	STACK_EARLY,         /* taken before libunwind was loaded: frame pointers only */
	STACK_POINTERS_ONLY, /* libunwind could not be used: frame pointers only */
	STACK_UNREAD,        /* the frames of a language go on where they can't be read */
	/* For the goroutines that started the one before them: */
	STACK_CREATOR_ONLY,  /* only the go statement is known, because GODEBUG=tracebackancestors
			      * is not set */
	STACK_NO_CREATOR,    /* fdtrail doesn't know where this version of Go keeps them */
	STACK_MORE_CREATORS, /* the earlier ones are not kept: --go-ancestors */
};

enum {
	STACK_NONE = 0,        /* id: no stack is known */
	STACK_OVERFLOW = 1,    /* id: the table was full (STACK_LIMIT), or there was no memory */
	STACK_FIRST = 2,       /* id of the first real stack */
	STACK_LIMIT = 1 << 20, /* ids are below this */
	STACK_DEPTH_MAX = 256,
	STACK_PAGE = 1024, /* stacks to a page of the table */
};

struct stack; /* private, with uthash's handle: stack_table.c */

/* The counts of a stack, since the start, or since the fork in a forked process. */
struct stack_figures {
	struct open_count count;
	/* A run is the closes since this stack's last open, if LEDGER_HELD_LEAST or more were open
	 * before the first of them. These are the counts at its start: how many the stack had
	 * opened, how many of these were open, and ledger.opens. See ledger_held. */
	_Atomic uint32_t run_opened, run_live, run_opens;
	_Atomic uint32_t live;        /* at the last ledger_take_figures; all others are closed */
	_Atomic uint32_t live_before; /* live at the last snapshot that was written */
	struct closers closers;       /* where they were closed */
};

/* The result of a capture. */
struct captured {
	uint32_t stack;                /* STACK_NONE: the capture failed */
	struct stack_figures *figures; /* the stack's figures, or NULL */
};

struct stack_view {
	const frame_t *frames; /* innermost first; the first is the caller of the hooked function */
	uint32_t depth;
	enum stack_end end;
	struct stack_figures *figures;
};

/* STACK_PAGE stacks. The pointers are atomic, because a thread that closes a descriptor looks its
 * stack up by id alone, perhaps before it sees the table's new count. */
typedef _Atomic(_Atomic(struct stack *) *) stack_page;

_Static_assert(STACK_LIMIT % STACK_PAGE == 0, "stack_table_known divides any id");
_Static_assert(MODULE_LIMIT < FRAME_MODULE_LANGUAGE && MODULE_LIMIT < FRAME_MODULE_MARK,
	       "a module's id has 16 bits, and is not one of the special ones");

struct stack_table {
	struct arena *arena;
	struct stack *head;          /* uthash's */
	_Atomic uint32_t count;      /* one past the highest id in use */
	_Atomic uint64_t overflowed; /* number of captures that got STACK_OVERFLOW */
	stack_page *pages;           /* id -> stack, by pages */
	struct stack *overflow;
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool stack_table_init(struct stack_table *table, struct arena *arena);

/* Frees the memory that doesn't belong to the arena. */
void stack_table_release(struct stack_table *table);

/* Copies the contents of from into an empty table, with the same ids. False: no memory. */
bool stack_table_copy(struct stack_table *table, const struct stack_table *from);

/* Returns the id of the stack with these frames and this end, and adds it if it is new;
 * STACK_OVERFLOW if the table is full or there is no memory. At most STACK_DEPTH_MAX frames are
 * kept. The caller must hold the capture lock. */
uint32_t stack_table_intern(struct stack_table *table, const frame_t *frames, uint32_t depth,
			    enum stack_end end);

/* Rebuilds uthash's structures from the stacks themselves, for a child that was forked while
 * another thread was inside stack_table_intern. */
void stack_table_rebuild(struct stack_table *table);

/* Sets all figures to zero, because a forked child starts to count again. */
void stack_table_reset_figures(struct stack_table *table);

/* Fills view with the stack of id; false for STACK_NONE and unknown ids. Async-signal-safe, any
 * thread, no lock. The frames and figures live as long as the table. */
bool stack_table_view(const struct stack_table *table, uint32_t id, struct stack_view *view);

/* The figures of id, or NULL. Async-signal-safe, any thread, no lock. */
struct stack_figures *stack_table_figures(const struct stack_table *table, uint32_t id);

/* The same for an id >= STACK_FIRST that the table has given out. NULL: another thread has just
 * added it, and this thread doesn't see it yet. */
static inline struct stack_figures *stack_table_known(const struct stack_table *table, uint32_t id)
{
	_Atomic(struct stack *) *page =
		atomic_load_explicit(&table->pages[id / STACK_PAGE], memory_order_acquire);

	/* figures is the first member of struct stack: stack_table.c asserts that. */
	return page ? (struct stack_figures *)atomic_load_explicit(&page[id % STACK_PAGE],
								   memory_order_acquire)
		    : NULL;
}
