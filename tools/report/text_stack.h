// SPDX-License-Identifier: MIT
/* A stack for people: a function a line, innermost first, the program's own code marked. */
#pragma once

#include "page.h"

#include "../reader/model.h"

/* heading: "opened at", without a colon. The stacks of the goroutines that it descends from follow.
 * mark: show where to look first. collapse: leave out what is not the program's own, and say how
 * many. */
void text_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		bool mark, bool collapse);
