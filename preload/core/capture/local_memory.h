// SPDX-License-Identifier: MIT
/*
 * The memory that a stack is read from. The walker knows only this interface. In the traced program
 * it is the program's own address space, in which each page is checked before it is read; the
 * ptrace engine provides another process's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/module_table.h"

enum { OBJECT_SEGMENTS = 8 };

/* The object that is mapped at a code address. */
struct object {
	uintptr_t start, end;   /* its addresses; start == end: not known */
	uintptr_t bias;         /* run-time address - address in the ELF file */
	uintptr_t unwind_table; /* address of .eh_frame_hdr; 0: none */
	uintptr_t unwind_base;  /* base address of its entries; 0: the table itself */
	const char *path;       /* "": the program itself */
	bool is_main;
	uint8_t build_id[MODULE_BUILD_ID_MAX];
	size_t build_id_size;
	/* Its mapped parts that aren't writable, so that no stack lies there. */
	struct {
		uintptr_t start, end;
	} constant[OBJECT_SEGMENTS];
	unsigned int constants;
	uintptr_t code_start, code_end; /* its executable part, if known; else 0 */
};

/* The way out of a function that has no unwind data. */
struct leave_rule {
	bool outermost;    /* the function has no caller */
	bool by_fp;        /* the frame's end is fp + frame_end; else sp + frame_end */
	int64_t frame_end; /* the return address is the word before it */
	int64_t saved_fp;  /* the caller's fp lies this far before the end; 0: still in the
			    * register */
};

struct memory {
	/* Reads the word at address, aligned or not; false if it can't be read. */
	bool (*read)(struct memory *memory, uintptr_t address, uintptr_t *word);
	/* Fills in the object that address lies in; false if there is none. */
	bool (*find)(struct memory *memory, uintptr_t address, struct object *object);
	/* Fills in the way out of the function at place, which has no unwind data, with these
	 * registers. False: not known. The pointer is NULL if no such rules are known at all. */
	bool (*leave)(struct memory *memory, uintptr_t place, uintptr_t sp, uintptr_t fp,
		      struct leave_rule *rule);
};

enum { LOCAL_PAGES = 32 };

/* The address space of this process. For one walk at a time. */
struct local_memory {
	struct memory memory;
	uintptr_t readable[LOCAL_PAGES]; /* addresses of pages known to be readable, by page
					  * number */
	bool closing; /* another thread may be unmapping an object, so the kernel copies what
		       * belongs to it. Not each word of a walk: a program whose timer's handler
		       * opens something would get no further */
};

/* Prepares memory for one walk. Async-signal-safe. */
void local_memory_init(struct local_memory *memory);

/* Must be called after an object has been unloaded, because another may take its place. The caller
 * must hold the capture lock. */
void local_memory_restart(void);
