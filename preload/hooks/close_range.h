// SPDX-License-Identifier: MIT
/*
 * The work around close_range(2), for its function in close.c and the raw system call in syscall.c.
 */
#pragma once

#include "preload/libc/real.h"

/* Calls real, which closes the numbers from first to last, and takes these out of the ledger.
 * frame: the hook's. Returns real's result. Async-signal-safe. */
int close_range_by(close_range_type *real, unsigned int first, unsigned int last, int flags,
		   const void *frame);
