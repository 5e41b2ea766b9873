// SPDX-License-Identifier: MIT
/*
 * One leak, one finding: a snapshot has a group for each stack and kind, but an unrolled loop, a
 * recursion or a function that is called from several places makes several stacks of one leak.
 * Groups belong to one finding if their culprit (culprit.h) is the same function at the same line.
 * A finding lists the call paths (stack_keys.h) that lead there, each with its counts.
 *
 * Two callers of one function are two findings when one of them closes what it opens and the other
 * does not. And a function that many different callers open through, of which only a few leak, is a
 * wrapper: there each finding is at the first frame where the callers differ.
 *
 * Must come after symbolize_snapshot(); without it, groups are compared by the modules and offsets
 * of their frames.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tools/model/model.h"

struct finding_item {
	struct model_group *group;
	bool is_new;     /* from the later one of two snapshots, whose counts are used */
	size_t finding;  /* equal in groups of one finding */
	size_t path;     /* equal in groups of one call path */
	int addresses;   /* equal where the opening stack is the same */
	bool together;   /* set by findings_together(), in groups of findings that it has joined */
	size_t position; /* index in the caller's order */
};

/* Sorts groups, of one snapshot or of two, so that those of one finding are neighbours, and in it
 * those of one path; fills in the rest of the items, and culprit of the groups. by_path: as in
 * stack_keys.h. join: groups without a stack are one finding, too, if their kind, origin and state
 * are the same; this is how they are compared with an earlier snapshot. */
void findings_sort(struct finding_item *items, size_t count, bool by_path, bool join);

/* Joins neighbouring items into one group, the finding: the sums of counts, the range of ages, all
 * descriptors, and the stacks of the path with the most descriptors. Memory is the snapshot's. */
struct model_group findings_join(struct model_snapshot *snapshot, const struct finding_item *items,
				 size_t count);

/* Adds what the opening stack of another group has opened and closed, is open, and its growth. */
void findings_add_figures(struct model_group *to, const struct model_group *from);

/* Replaces the snapshot's groups by findings. Numbers them, the likeliest leak first, and stores
 * the number in their parts, too. Suppressed groups stay apart from the others. */
void findings_merge(struct model_snapshot *snapshot);

/* Only stores the number of the finding in each group; the groups stay as they are. */
void findings_number(struct model_snapshot *snapshot);
