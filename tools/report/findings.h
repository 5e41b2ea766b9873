// SPDX-License-Identifier: MIT
/*
 * One leak, one finding: the snapshot has a group for each stack and kind, but a loop that the
 * compiler has unrolled, a recursion, or a function that is called from several places make several
 * stacks of one leak. Groups belong to one finding when the frame to look at first (culprit.h) is
 * the same function at the same line; below it are the call paths (stack_keys.h) that lead there,
 * each with its counts.
 *
 * Two callers of one function are two findings when one of them closes what it opens and the other
 * does not. And a function that many different callers open through, of which only a few leak, is a
 * wrapper: there each finding is at the first frame where the callers differ.
 *
 * Must come after symbolize_snapshot(); without it groups that have no lines are compared by the
 * addresses of their frames.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

struct finding_item {
	struct model_group *group;
	bool is_new;     /* of two snapshots the later one: its figures count */
	size_t finding;  /* equal in groups of one finding */
	size_t path;     /* equal in groups of one call path */
	int addresses;   /* equal where the opening stack is the same */
	size_t position; /* as it was handed in */
};

/* Puts groups, of one snapshot or of two, in an order in which those of one finding are neighbours,
 * and among these those of one path; fills in the rest of the items, and culprit of the groups.
 * by_path: as in stack_keys.h. join: groups without a stack are one, too, when kind, origin and
 * state are the same (it is how they are compared with an earlier snapshot). */
void findings_sort(struct finding_item *items, size_t count, bool by_path, bool join);

/* The finding that neighbouring items are, as a group of its own: counts, figures and ages of all,
 * their descriptors, and the stacks of the path with the most. Memory is the snapshot's. */
struct model_group findings_join(struct model_snapshot *snapshot, const struct finding_item *items,
				 size_t count);

/* Puts the findings in the place of the snapshot's groups, numbers them, the likeliest leak first,
 * and notes the number in their parts, too. Suppressed groups stay apart from the others. */
void findings_merge(struct model_snapshot *snapshot);

/* Only notes the number of the finding in each group, which all stay as they are. */
void findings_number(struct model_snapshot *snapshot);
