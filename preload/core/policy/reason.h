// SPDX-License-Identifier: MIT
/* What asks for a snapshot, in the words of its `why:`; the ptrace engine says the same. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/line.h"

/* The function name failed with error, EMFILE or ENFILE. */
void reason_out_of_descriptors(struct line *why, const char *name, int error);

/* So many descriptors are open, and that many were the mark. */
void reason_threshold(struct line *why, size_t count, uint32_t mark);
