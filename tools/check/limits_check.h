// SPDX-License-Identifier: MIT
/* What limits.c and limits_peak.c share: a snapshot that is held against limits. */
#pragma once

#include "limits.h"

/* What is said, and the verdict so far. */
struct check {
	const struct limits *limits;
	struct model_snapshot *snapshot;
	FILE *file;
	enum limits_verdict verdict;
};

/* Writes a line of what is broken, or not known, and worsens the verdict. */
__attribute__((format(printf, 3, 4))) void
limits_say(struct check *check, enum limits_verdict verdict, const char *format, ...);

/* What a process has inherited does not count. */
static inline bool limits_is_inherited(const struct model_group *group)
{
	return group->origin == MODEL_INHERITED || group->origin == MODEL_INHERITED_FORK;
}

/* The limits on peaks, those that are set. */
void limits_check_peaks(struct check *check);
