// SPDX-License-Identifier: MIT
/*
 * Brings libfdtrail.so into a process that runs, and lets it sleep or wakes it there. Either all of
 * it happens, or the process goes on as it was. Used by cmd_attach.c and cmd_detach.c.
 */
#pragma once

#include <stdint.h>
#include <stddef.h>

#include "preload/core/policy/attach_door.h"
#include "tools/process/process.h"

struct attached {
	uint64_t paused_ns;   /* for how long the one thread was stopped that was */
	uint32_t open_before; /* descriptors */
	uint32_t modules;     /* whose calls are recorded now */
	uint32_t refused;     /* calls that the kernel did not let us redirect */
	uint32_t signal;      /* that requests a snapshot; 0: none */
	char unwinder[64];    /* why stacks may lack frames; "": they don't */
};

enum { ATTACH_TEXT = 512 };

/* Attaches to the process. options: NAME=VALUE texts, each with its NUL, and another NUL after
 * the last; size counts all of them. 0; or a negative errno, and text, of ATTACH_TEXT bytes,
 * says in one line why not and what to do. */
int attach_process(const struct process *process, const char *options, size_t size,
		   struct attached *attached, char *text);

/* Detaches. The same. */
int detach_process(const struct process *process, struct attached *attached, char *text);
