// SPDX-License-Identifier: MIT
/*
 * The descriptors that were open in the last good run, as collapsed stacks (`fdtrail report
 * --format=folded`): a program, its functions from the outermost to the innermost, and a number.
 * Lines of source are not in it, so the program may have been rebuilt or edited since. A stack that
 * has no more descriptors than in the baseline counts as suppressed; one that has more counts with
 * all of them.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"

/* All zero is an empty one. */
struct baseline {
	struct baseline_stack *stacks; /* sorted by text */
	size_t count;
};

/* Adds the stacks of a file. If a line is wrong or the file can't be read, returns false after a
 * message on stderr that begins with prefix ("fdtrail check: "). */
bool baseline_read(struct baseline *baseline, const char *path, const char *prefix);

/* Marks the groups that the baseline has (model_group.suppressed). Needs symbolize_snapshot(); must
 * come before findings_merge(). */
void baseline_apply(const struct baseline *baseline, struct model_snapshot *snapshot);

void baseline_finish(struct baseline *baseline);
