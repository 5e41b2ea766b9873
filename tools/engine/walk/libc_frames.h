// SPDX-License-Identifier: MIT
/*
 * The C library's own frames at the inner end of a stack. A system call is made in a wrapper
 * (socket(), or the inside of fopen()), and what people look for is the caller of that: the
 * preload's stacks begin there, and so do ours. In a dynamic program these frames lie in the C
 * library's file; in a static one they are told by the names of their functions. Used by
 * task_stack.c.
 */
#pragma once

#include <stdint.h>

#include "preload/core/ledger/module_table.h"
#include "preload/core/ledger/stack_table.h"

struct libc_frames;

/* Of the program that is open as fd, which is not kept. NULL: it is not static, has no symbols, or
 * there was no memory. */
struct libc_frames *libc_frames_create(int fd);
/* One more user of it; returns it. NULL is accepted, by the next, too. */
struct libc_frames *libc_frames_share(struct libc_frames *libc_frames);
void libc_frames_release(struct libc_frames *libc_frames);

/* How many of the innermost frames are the C library's own; 0 when all are, and then none is left
 * out. libc_frames: of the program, or NULL. */
uint32_t libc_frames_count(const struct libc_frames *libc_frames,
			   const struct module_table *modules, const frame_t *frames,
			   uint32_t count);
