// SPDX-License-Identifier: MIT
/* Shared by limits.c and the files of single limits: the check of one snapshot. */
#pragma once

#include "limits.h"

/* A check in progress. */
struct check {
	const struct limits *limits;
	struct model_snapshot *snapshot;
	FILE *file;
	enum limits_verdict verdict;
};

/* Writes a line about a limit that is broken or can't be checked, and raises check->verdict. */
__attribute__((format(printf, 3, 4))) void
limits_say(struct check *check, enum limits_verdict verdict, const char *format, ...);

/* Inherited descriptors don't count. */
static inline bool limits_is_inherited(const struct model_group *group)
{
	return group->origin == MODEL_INHERITED || group->origin == MODEL_INHERITED_FORK;
}

/* Checks the limit on inheritable descriptors, which is set. */
void limits_check_inheritable(struct check *check);

/* Checks the limits on peaks that are set. */
void limits_check_peaks(struct check *check);
