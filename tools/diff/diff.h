// SPDX-License-Identifier: MIT
/*
 * Two snapshots, finding by finding (report/findings.h): those are the same whose culprit is the
 * same function at the same line; or, where no line is known, at the same offset of the same module
 * (by its build-id, or path where there is none), so that a restart, another process id and address
 * space layout make no difference. Where there are no stacks, since the process is not traced,
 * those of one kind and state are the same. What was inherited is left out, because it is listed or
 * not as an option says; and so is what is suppressed.
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
	int64_t old_count, new_count; /* 0: not there */
	struct model_group group;     /* the finding in the new snapshot, or else in the old one */
	/* The groups that it is made of in both, those of one call path together. */
	struct finding_item *members;
	size_t member_count;
};

struct diff {
	struct model_snapshot *old, *new;
	/* What grew most first, then what shrank, then what is the same. */
	struct diff_entry *entries;
	size_t count;
	struct finding_item *members;
	bool by_path; /* build-ids could not be used: one of the two has lost its modules */
};

/* Compares; both should have been symbolized. Both stay the caller's, and must outlive the diff. */
struct diff *diff_create(struct model_snapshot *old, struct model_snapshot *new);
/* NULL is nothing. */
void diff_destroy(struct diff *diff);

/* By how much it grew; less than 0: it shrank. */
int64_t diff_growth(const struct diff_entry *entry);

/* The group to show for an entry: the new one where there is one. */
const struct model_group *diff_group(const struct diff_entry *entry);

/* The word for a change: "new", "grown", "shrunk", "gone", "same". */
const char *diff_change_name(enum diff_change change);

/* The path of a module that both have, but with different build-ids: it was built anew between
 * them, and its stacks can't be matched; or NULL. Only modules in which frames lie count. */
const char *diff_rebuilt(const struct diff *diff);
