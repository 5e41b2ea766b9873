// SPDX-License-Identifier: MIT
/*
 * Two snapshots, stack by stack. Groups are the same when their kind, their origin and all frames
 * of their opening stack are, those of the goroutines that it descends from, and those of the last
 * HTTP request: a frame by its module (build-id, or path where there is none) and the offset in it,
 * so that a restart, another process id and address space layout make no difference. Where there
 * are no stacks, since the process is not traced, those of one state are the same. What was
 * inherited is left out, because it is listed or not as an option says; and so is what is
 * suppressed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../reader/model.h"

enum diff_change { DIFF_NEW, DIFF_GROWN, DIFF_SHRUNK, DIFF_GONE, DIFF_SAME, DIFF_CHANGES };

/* A group of one of the two. */
struct diff_member {
	struct model_group *group;
	bool is_new;
};

struct diff_entry {
	enum diff_change change;
	int64_t old_count, new_count; /* 0: not there */
	/* The same group in both; several of one side when a module was loaded at several places.
	 */
	struct diff_member *members;
	size_t member_count;
};

struct diff {
	struct model_snapshot *old, *new;
	/* What grew most first, then what shrank, then what is the same. */
	struct diff_entry *entries;
	size_t count;
	struct diff_member *members;
	bool by_path; /* build-ids could not be used: one of the two has lost its modules */
};

/* Compares. Both stay the caller's, and must outlive the diff. */
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
