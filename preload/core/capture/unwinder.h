// SPDX-License-Identifier: MIT
/*
 * Walks a stack: with libunwind, through its remote interface over a struct memory, and with frame
 * pointers where there is no unwind data. It logs every register and stack word that decided where
 * the walk went. It is slow (tens of microseconds) and not reentrant, so callers hold the capture
 * lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/stack_table.h"
#include "local_memory.h"

/* The registers of a function at one of its calls, as they will be after the call returns. */
struct registers {
	uintptr_t pc; /* the return address */
	uintptr_t sp;
	uintptr_t fp; /* rbp, x29 */
};

enum read_flags {
	READ_RELATIVE = 1, /* the value is an address on the stack, kept relative to sp */
	READ_FP = 2,       /* not a word, but the fp register */
	READ_CHECKED = 4,  /* found through a frame pointer, so that the address is a guess */
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
	/* Whether the walk ends at an address without unwind data, because the frames from there on
	 * are known better. NULL: never. */
	bool (*ends_at)(void *data, uintptr_t pc);
	void *data; /* for ends_at */
	/* out */
	uintptr_t pcs[STACK_DEPTH_MAX]; /* addresses of the calls, or of an interrupted
					 * instruction */
	uintptr_t sps[STACK_DEPTH_MAX]; /* their stack pointers, after the call returns */
	uint32_t count;
	enum stack_end end;
	struct logged_read reads[WALK_READS];
	uint32_t read_count;
	bool repeatable; /* the log holds everything that the walk depended on */
};

/* Loads libunwind: unwinder_library_open(folder). False: it can't be loaded; unwinder_name says
 * why. For the constructor only, because it calls dlopen. */
bool unwinder_load(const char *folder);

/* "libunwind 1.6", or the reason why walks follow frame pointers only. */
const char *unwinder_name(void);

/* Makes all later walks follow frame pointers; why is a static text for unwinder_name. For a child
 * that was forked in the middle of another thread's walk (libunwind's locks may be held for ever),
 * and before a seccomp filter that would kill the program for libunwind's system calls. */
void unwinder_disable(const char *why);

/* True if walks use libunwind. */
bool unwinder_usable(void);

/* Walks the stack. Never fails: walk holds the frames that were found, and walk->end says what is
 * missing. The caller must hold the capture lock. */
void unwinder_walk(struct walk *walk);
