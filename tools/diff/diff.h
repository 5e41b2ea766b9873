// SPDX-License-Identifier: MIT
/*
 * Two snapshots compared by findings (report/findings.h). Two findings are the same if their
 * culprit is the same function at the same line; if no line is known, at the same offset of the
 * same module (by build-id, or by path if there is none). So a restart, another process id or
 * another address space layout makes no difference. An untraced process has no stacks, so groups of
 * the same kind and state are compared. Inherited descriptors are left out, because an option
 * decides whether they are listed; so are suppressed groups.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"
#include "tools/report/findings.h"

enum diff_change { DIFF_NEW, DIFF_GROWN, DIFF_SHRUNK, DIFF_GONE, DIFF_SAME, DIFF_CHANGES };

struct diff_entry {
	enum diff_change change;
	int64_t old_count, new_count; /* 0: not in that snapshot */
	struct model_group group;     /* the finding in the new snapshot, or else in the old one */
	struct model_group old;       /* the finding in the old one, if both have it */
	/* Its groups in both snapshots, sorted by call path. */
	struct finding_item *members;
	size_t member_count;
};

struct diff {
	struct model_snapshot *old, *new;
	/* Sorted: the most grown first, then shrunk ones, then unchanged ones. */
	struct diff_entry *entries;
	size_t count;
	struct finding_item *members;
	bool by_path; /* build-ids were not used, because one snapshot has lost its modules */
};

/* Compares two snapshots, which should have been symbolized. Both stay the caller's, and must
 * outlive the diff. */
struct diff *diff_create(struct model_snapshot *old, struct model_snapshot *new);
/* Does nothing for NULL. */
void diff_destroy(struct diff *diff);

/* By how many descriptors it grew; negative if it shrank. */
int64_t diff_growth(const struct diff_entry *entry);

/* The group to show for an entry: the new one if there is one. */
const struct model_group *diff_group(const struct diff_entry *entry);

/* The word for a change: "new", "grown", "shrunk", "gone", "same". */
const char *diff_change_name(enum diff_change change);

/* The path of a module that both snapshots have with different build-ids, or NULL. It was rebuilt
 * between them, so its offsets can't be matched. Only modules with frames count. */
const char *diff_rebuilt(const struct diff *diff);
