// SPDX-License-Identifier: MIT
/* A stack for people: one function a line, innermost first, with a mark at the culprit. */
#pragma once

#include "page.h"

#include "tools/model/model.h"
#include "report.h"

enum text_frames {
	TEXT_FRAMES_FOLDED, /* a row of frames of a language's library is one line */
	TEXT_FRAMES_ALL,
	TEXT_FRAMES_OWN, /* only the program's own frames, and the number of others */
};

/* The frames that the options ask for. */
enum text_frames text_frames_of(const struct report_options *options);

/* Writes a stack, and those of its ancestor goroutines. heading: "opened at", without a colon.
 * marked: the group whose culprit gets the mark; NULL for no mark. */
void text_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		const struct model_group *marked, enum text_frames frames);
