// SPDX-License-Identifier: MIT
/* What a group is in one sentence: "8 tcp sockets in CLOSE_WAIT, opened in fetch_status at
 * demo.c:214". */
#pragma once

#include "page.h"

#include "tools/model/model.h"

/* The sentence, safe to print; the caller frees it. place: with where it was opened, by the names
 * that symbolize/ has found or else by those of the snapshot. */
char *heading_of(const struct page *page, const struct model_group *group);

/* Its two parts, safe; the caller frees them: "8 tcp sockets in CLOSE_WAIT", and ", opened in
 * fetch_status at demo.c:214". */
char *heading_count(const struct page *page, const struct model_group *group);
char *heading_place(const struct page *page, const struct model_group *group);

/* "fetch_status at demo.c:214": a frame in a sentence, safe to print; the caller frees it. */
char *heading_frame_line(const struct page *page, const struct model_frame *frame, size_t location);

/* Where a group was opened, in short: "main.c:5", or a function where no line is known. Safe; the
 * caller frees it. */
char *heading_line(const struct page *page, const struct model_group *group);

/* The frame of one of a group's stacks that a reader should look at: what findings.h has found, or
 * else culprit_frame(). */
const struct model_frame *heading_frame(const struct model_group *group,
					const struct model_stack *stack, size_t *location);
