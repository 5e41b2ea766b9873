// SPDX-License-Identifier: MIT
/* What a group is in one sentence: "8 tcp sockets in CLOSE_WAIT, opened in fetch_status at
 * demo.c:214". */
#pragma once

#include "page.h"

#include "../reader/model.h"

/* The sentence, safe to print; the caller frees it. place: with where it was opened, by the names
 * that symbolize/ has found or else by those of the snapshot. */
char *heading_of(const struct page *page, const struct model_group *group);

/* Where a group was opened, in short: "main.c:5", or a function where no line is known. Safe; the
 * caller frees it. */
char *heading_line(const struct page *page, const struct model_group *group);

/* Whether the last HTTP requests of both groups' connections came from the same place, so that their
 * headings end in the same words. */
bool heading_same_user(const struct model_group *a, const struct model_group *b);

/* The frame of a stack that a reader should look at: the innermost one of the program's own code,
 * else the innermost; NULL when there is none. *location: which of its locations. */
const struct model_frame *heading_frame(const struct model_stack *stack, size_t *location);
