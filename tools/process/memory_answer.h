// SPDX-License-Identifier: MIT
/*
 * A snapshot's text that a traced program leaves in its own memory, because it can't open a file of
 * ours (preload/core/policy/answer_box.h). Reading it needs the permission to ptrace(2) the
 * program. Used by ask.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct memory_answer {
	uintptr_t place; /* of the box in the program's memory; 0: not asked for in this way */
	uint32_t token;  /* of the request */
};

/* Finds the box of process pid, and chooses a token that it doesn't hold. False: the library there
 * has none, or we may not read it. */
bool memory_answer_find(struct memory_answer *answer, int pid);

/* Copies the text that answers the request to file, in place of what that holds. Returns its size
 * in bytes; 0: it isn't there yet, or changed while it was copied: another fdtrail asks, too. */
off_t memory_answer_copy(const struct memory_answer *answer, int pid, int file);
