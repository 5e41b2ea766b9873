// SPDX-License-Identifier: MIT
/* Facts of the first lines of a report (report_summary) that others show, too. */
#pragma once

#include "tools/model/model.h"

/* The evidence that a group is a leak, the strongest last. */
enum text_suspicion {
	TEXT_NOTHING,
	TEXT_CLOSE_WAIT,
	TEXT_GROWING,
};

/* Whether the process has opened a group's descriptors after its start, as far as is known. */
bool text_summary_may_leak(const struct model_group *group);

enum text_suspicion text_summary_suspicion(const struct model_group *group);

/* The group to look at first: snapshots list the likeliest leak first. NULL: there is none. */
const struct model_group *text_summary_first(const struct model_snapshot *snapshot);

/* The number of descriptors of all groups, without inherited ones. */
int64_t text_summary_descriptors(const struct model_snapshot *snapshot);
