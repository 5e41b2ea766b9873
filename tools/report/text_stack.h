// SPDX-License-Identifier: MIT
/* A stack for people: a function a line, innermost first, the program's own code marked. */
#pragma once

#include "page.h"

#include "tools/model/model.h"
#include "report.h"

enum text_frames {
	TEXT_FRAMES_FOLDED, /* runs of a language's own library, and of a thread's start, are a line
			     */
	TEXT_FRAMES_ALL,
	TEXT_FRAMES_OWN, /* only the program's own, and how many others */
};

/* Which of them the options ask for. */
enum text_frames text_frames_of(const struct report_options *options);

/* heading: "opened at", without a colon. The stacks of the goroutines that it descends from follow.
 * marked: the group of which the frame to look at first gets a mark; NULL: none gets one. */
void text_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		const struct model_group *marked, enum text_frames frames);
