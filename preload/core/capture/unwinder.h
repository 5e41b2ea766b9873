// SPDX-License-Identifier: MIT
/*
 * The walk itself: libunwind through its remote interface over a struct memory, frame pointers
 * where there is no unwind data, and a log of every register and stack word that decided where the
 * walk went. Slow (tens of microseconds) and not reentrant: callers hold the capture lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/stack_table.h"
#include "local_memory.h"

/* The registers in a function at one of its calls, as they will be after the return. */
struct registers {
	uintptr_t pc; /* the return address */
	uintptr_t sp;
	uintptr_t fp; /* rbp, x29 */
};

enum read_flags {
	READ_RELATIVE = 1, /* the value is an address on the stack: kept relative to sp */
	READ_FP = 2,       /* not a word: the fp register */
	READ_CHECKED =
		4, /* found through a frame pointer: the address is a guess until it is read */
};

struct logged_read {
	uintptr_t address;
	uintptr_t value;
	uint8_t flags;
};

_Static_assert((READ_RELATIVE | READ_FP | READ_CHECKED) <= UINT8_MAX, "flags are one byte");

enum { WALK_READS = 3 * STACK_DEPTH_MAX };

struct walk {
	/* in */
	struct memory *memory;
	struct registers registers;
	uint32_t depth; /* most frames */
	/* out */
	uintptr_t pcs[STACK_DEPTH_MAX]; /* of the call, or of the interrupted instruction */
	uint32_t count;
	enum stack_end end;
	struct logged_read reads[WALK_READS];
	uint32_t read_count;
	bool repeatable; /* the log holds all that the walk depended on */
};

/* Loads libunwind without letting its symbols into the program's global scope, where its _Unwind_*
 * would take over every C++ throw. False: it can't be loaded; unwinder_name says why. Calls dlopen:
 * for the constructor only. */
bool unwinder_load(void);

/* "libunwind 1.6", or the reason why walks follow frame pointers only. */
const char *unwinder_name(void);

/* From here on walks follow frame pointers; why is a static text for unwinder_name. For a child
 * forked in the middle of another thread's walk (libunwind's locks may be held by nobody), and
 * before a seccomp filter that would end the program for libunwind's system calls. */
void unwinder_disable(const char *why);

/* True when walks use libunwind. */
bool unwinder_usable(void);

/* Walks the stack. Never fails: what could be found is in walk, and walk->end says what is missing.
 */
void unwinder_walk(struct walk *walk);
