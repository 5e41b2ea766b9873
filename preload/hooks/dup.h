// SPDX-License-Identifier: MIT
/*
 * The work around a copy over another descriptor: dup2, dup3 and their raw system calls. Shared by
 * dup.c and syscall.c. Both functions are async-signal-safe.
 */
#pragma once

#include "preload/core/ledger/slot.h"

/* Before: newfd is about to be closed by the copy. Gives its entry; without a slot: it had none.
 * frame: the hook's. hook_begins follows. */
struct closing dup_over_begin(int oldfd, int newfd, const void *frame);

/* After the real call, which returned result: records the copy, or takes the mark off again.
 * recorded: from dup_over_begin; name: the called function, for a snapshot when descriptors have
 * run out; frame: the hook's frame. Returns result, keeps errno. */
int dup_over_end(int result, int oldfd, int newfd, struct closing recorded, const char *name,
		 const void *frame);
