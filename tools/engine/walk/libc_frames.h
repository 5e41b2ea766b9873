// SPDX-License-Identifier: MIT
/*
 * Finds the C library's own frames at the inner end of a stack, so that they can be dropped. A
 * system call is made in a wrapper (socket(), or deep in fopen()), but users look for the wrapper's
 * caller: the preload's stacks begin there, and so do the engine's. In a dynamic program these
 * frames lie in the C library's file; in a static one the names of their functions tell. Used by
 * task_stack.c.
 */
#pragma once

#include <stdint.h>

#include "preload/core/ledger/module_table.h"
#include "preload/core/ledger/stack_table.h"

struct libc_frames;

/* Reads the functions of the program that is open as fd, which the caller may close afterwards.
 * NULL: the program isn't static, has no symbols, or there was no memory. */
struct libc_frames *libc_frames_create(int fd);
/* Adds a user, and returns libc_frames. Release removes one, and the last one frees it. Both accept
 * NULL. */
struct libc_frames *libc_frames_share(struct libc_frames *libc_frames);
void libc_frames_release(struct libc_frames *libc_frames);

/* The number of innermost frames that are the C library's own; 0 if all are, because then none is
 * dropped. libc_frames: the program's, or NULL. */
uint32_t libc_frames_count(const struct libc_frames *libc_frames,
			   const struct module_table *modules, const frame_t *frames,
			   uint32_t count);
