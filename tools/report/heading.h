// SPDX-License-Identifier: MIT
/* Headings: a group in one sentence, "8 tcp sockets in CLOSE_WAIT, opened in fetch_status at
 * demo.c:214". */
#pragma once

#include "page.h"

#include "tools/model/model.h"

/* The sentence, safe to print; the caller frees it. Functions are named by symbolize/, or else by
 * the snapshot's text. */
char *heading_of(const struct page *page, const struct model_group *group);

/* Its two parts, safe; the caller frees them: "8 tcp sockets in CLOSE_WAIT", and ", opened in
 * fetch_status at demo.c:214". */
char *heading_count(const struct page *page, const struct model_group *group);
char *heading_place(const struct page *page, const struct model_group *group);

/* "fetch_status at demo.c:214": a frame in a sentence, safe to print; the caller frees it. */
char *heading_frame_line(const struct page *page, const struct model_frame *frame, size_t location);

/* The place where a group was opened, short: "main.c:5", or a function if no line is known. Safe;
 * the caller frees it. NULL: no memory. */
char *heading_line(const struct page *page, const struct model_group *group);

/* The frame that the heading names for one of a group's stacks: the finding's culprit, or else
 * culprit_frame(). NULL if the stack has no frames. *location: the index of its location. */
const struct model_frame *heading_frame(const struct model_group *group,
					const struct model_stack *stack, size_t *location);
