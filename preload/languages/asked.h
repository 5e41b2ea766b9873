// SPDX-License-Identifier: MIT
/*
 * The asker of work: the stack that has put a request, a handle or a job somewhere, kept by its
 * address until another thread or a later event takes it from there. For the languages of this
 * room, each with tables of its own. All functions are async-signal-safe and take no lock.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "preload/core/capture/capture.h"

enum { ASKED_PLACES = 4096 }; /* of a table */

/* A table forgets the oldest: a lost entry costs only the answer. */
struct asked {
	_Atomic uint64_t places[ASKED_PLACES];
};

/* Keeps who asked; STACK_NONE: removes it. */
void asked_keep(struct asked *asked, const void *address, uint32_t stack);

/* The stack that was kept for this address, or STACK_NONE. */
uint32_t asked_find(struct asked *asked, const void *address);

/* The stack of the calling thread from these registers on. */
struct captured asked_stack(struct capture *capture, struct registers registers);

/* The stack that calls the function with this frame (__builtin_frame_address(0)). */
uint32_t asked_caller(struct capture *capture, const void *frame);
