// SPDX-License-Identifier: MIT
/*
 * What to do about a group: advice that follows from what the snapshot shows of its descriptors.
 * Each piece of advice is given once in a report, at the first group that it fits. Where the
 * evidence is not in the snapshot, the text says how to tell.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"
#include "page.h"

/* The advice that this report has given, which it does not repeat. */
struct text_said {
	bool close_wait, response, idle, request, shared, transports, owner, unseen;
};

/* Prints the advice for the group; nothing when there is none. */
void text_advice(const struct page *page, const struct model_group *group, struct text_said *said);
