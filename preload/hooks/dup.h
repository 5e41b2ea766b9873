// SPDX-License-Identifier: MIT
/*
 * What copying over a number needs on both sides of the real call; for dup2, dup3 and their raw
 * system calls.
 */
#pragma once

#include "preload/core/ledger/slot.h"

/* Before: newfd is about to be closed by the copy. Gives its entry; without a slot: it had none. */
struct closing dup_over_begin(int oldfd, int newfd);

/* After: result is what the real call returned. Returns it. Keeps errno. */
int dup_over_end(int result, int oldfd, int newfd, struct closing recorded, const char *name,
		 const void *frame);
