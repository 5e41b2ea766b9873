// SPDX-License-Identifier: MIT
/*
 * The memory that a stack is read from. The walker knows only this interface: in the traced program
 * it is our own address space, read with every page checked first; the ptrace engine brings
 * another process's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/module_table.h"

enum { OBJECT_SEGMENTS = 8 };

/* What is mapped at a code address. */
struct object {
	uintptr_t start, end;   /* the addresses it spans; start == end: nothing is known */
	uintptr_t bias;         /* run-time address - address in the ELF file */
	uintptr_t unwind_table; /* address of .eh_frame_hdr; 0: none */
	uintptr_t
		unwind_base; /* what its entries are relative to, where that is not itself; or 0 */
	const char *path;    /* "": the program itself */
	bool is_main;
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	size_t build_id_size;
	/* Its mapped parts that can't be written to: what is read there is never a stack. */
	struct {
		uintptr_t start, end;
	} constant[OBJECT_SEGMENTS];
	unsigned int constants;
	uintptr_t code_start, code_end; /* its executable part, where that is looked at; or 0 */
};

/* How to leave a function that has no unwind data. */
struct leave_rule {
	bool outermost;    /* nobody called it */
	bool by_fp;        /* the frame's end is fp + frame_end; else sp + frame_end */
	int64_t frame_end; /* the return address is the word before it */
	int64_t saved_fp;  /* the caller's fp is so far before the end; 0: still in the register */
};

struct memory {
	/* Reads the word at address, aligned or not; false when it can't be read. */
	bool (*read)(struct memory *memory, uintptr_t address, uintptr_t *word);
	/* Fills in the object that address lies in; false when there is none. */
	bool (*find)(struct memory *memory, uintptr_t address, struct object *object);
	/* Fills in how to leave the function in which code without unwind data stands at place,
	 * with these registers. False: it does not know. NULL: it knows of none. */
	bool (*leave)(struct memory *memory, uintptr_t place, uintptr_t sp, uintptr_t fp,
		      struct leave_rule *rule);
};

enum { LOCAL_PAGES = 32 };

/* Our own address space. For one walk at a time. */
struct local_memory {
	struct memory memory;
	uintptr_t readable[LOCAL_PAGES]; /* page addresses known to be readable, by page number */
};

/* Prepares memory for one walk. Async-signal-safe. */
void local_memory_init(struct local_memory *memory);

/* True when the word at address can be read. One system call, without effect: rt_sigprocmask with
 * an invalid how copies the set in before it looks at how, and answers EFAULT or EINVAL. Unlike a
 * write to a pipe it takes no descriptor, and no seccomp filter can do without rt_sigprocmask. */
bool address_readable(uintptr_t address);

/* Must be called once before the first walk, outside of signal handlers. */
void local_memory_start(void);

/* Must be called once an object has been unloaded, by a thread that holds the capture lock: another
 * one may take its place. */
void local_memory_restart(void);
