// SPDX-License-Identifier: MIT
/*
 * Advice: what to do about a group, concluded from its descriptors in the snapshot. Each piece of
 * advice is given once in a report, at the first group that it fits. If the evidence is not in the
 * snapshot, the text says how to tell.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"
#include "page.h"

/* The advice that this report has given already. */
struct text_given {
	bool close_wait, response, idle, request, shared, transports, owner, unseen, closers,
		closes_unseen;
};

/* Writes the advice for the group, or nothing. */
void text_advice(const struct page *page, const struct model_group *group,
		 struct text_given *given);
