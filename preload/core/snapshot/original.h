// SPDX-License-Identifier: MIT
/*
 * Finds out whether the descriptor that a copy (dup) was made of is still open. A copy of a closed
 * one keeps the file or connection open by itself; of an open one, both have to be closed. The
 * number alone doesn't tell, because it may have been given out again. Used by the census.
 */
#pragma once

#include <stddef.h>

#include "descriptor.h"

/* Fills in original. descriptors: all that are open, in the order of fd. Async-signal-safe. */
void originals_find(struct descriptor *descriptors, size_t count,
		    const struct snapshot_request *request);
