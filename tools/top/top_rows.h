// SPDX-License-Identifier: MIT
/*
 * The rows of `fdtrail top`: the findings of one process over a series of its snapshots, with the
 * count of each in the last TOP_HISTORY ones. Findings of two neighbouring snapshots are matched by
 * diff/. A row lives as long as its finding has descriptors: one that comes back later is a new
 * row. Knows nothing of terminals and processes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/diff/diff.h"
#include "tools/model/model.h"

enum { TOP_HISTORY = 64 };

struct top_sample {
	double at; /* seconds, of any clock that never goes back */
	int64_t count;
};

struct top_row {
	uint64_t id; /* the same in all snapshots */
	/* The finding in the newest snapshot, and its groups there and in the one before. */
	const struct diff_entry *entry;
	int64_t count, first;                   /* descriptors now, and when the row appeared */
	struct top_sample samples[TOP_HISTORY]; /* the oldest first */
	size_t sample_count;
};

/* All zero is one that has had no snapshot. */
struct top_rows {
	struct top_row *rows;
	size_t count;
	struct model_snapshot *snapshot; /* the newest one, or NULL */
	struct diff *diff;               /* of the one before and the newest one */
	uint64_t last_id;
	size_t snapshots; /* how many there were */
};

/* Takes the next snapshot of the process, which must have function names, and owns it from now on.
 * at: when it was taken. */
void top_rows_update(struct top_rows *rows, struct model_snapshot *snapshot, double at);

/* Forgets all rows and snapshots: the next snapshot begins a new series. */
void top_rows_clear(struct top_rows *rows);

/* Descriptors more than when the row appeared; negative: fewer. A row that was not in the first
 * snapshot appeared with none. */
int64_t top_row_change(const struct top_row *row);

/* The same over the samples, for each second. False: there is only one sample. */
bool top_row_rate(const struct top_row *row, double *rate);

/* The state in which most of the row's descriptors are, and their number; NULL: they have none.
 * CLOSE_WAIT goes before any other. */
const char *top_row_state(const struct top_row *row, int64_t *count);

/* The age of the row's oldest descriptor, in seconds; < 0: not known. */
double top_row_age(const struct top_row *row);
