// SPDX-License-Identifier: MIT
/* Records who uses a descriptor (preload/core/ledger/use_table.h), for hooks and wrappers. */
#pragma once

#include "runtime.h"

/* The slow part of note_use. */
__attribute__((noinline)) void use_record(int fd, const void *frame);

/* fd is about to be used by the function whose hook or wrapper has this frame address. Keeps errno.
 * Async-signal-safe. */
static inline void note_use(int fd, const void *frame)
{
	if (__builtin_expect(use_table_wants(&runtime.ledger.uses, fd), 0))
		use_record(fd, frame);
}

/* Begins to record the uses of descriptors, or ends it (USES_OFF). The caller then has references
 * redirected. Calls the loader, but not to end it. False: there is no memory. */
bool use_start(enum use_mode mode);

/* Whether references to read(2) and its like are to be redirected. */
bool use_redirects(void);

/* fd was open before the tracer came, or woke: its uses are recorded, if any are, and if it isn't a
 * standard stream. */
void use_follow(int fd);
