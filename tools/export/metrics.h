// SPDX-License-Identifier: MIT
/*
 * Metrics in Prometheus' text format, version 0.0.4: families of series. Values under the same
 * labels are merged into one series, because a scrape with a duplicate is refused as a whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum metrics_merge {
	METRICS_SUM,
	METRICS_GREATEST,
	METRICS_LEAST,
};

struct metric {
	char *labels; /* as written, without braces */
	double value;
};

/* The caller initializes the first four members. */
struct metric_family {
	const char *name, *type, *help;
	enum metrics_merge merge;
	struct metric *series;
	size_t count, capacity;
	bool merged; /* the series are sorted, and each has other labels */
};

/* A label's value is cleaned (clean_text.h), cut to 200 bytes, and escaped. */
struct metric_label {
	const char *name, *value;
};

/* Adds value under these labels; a label without a name ends the array. Returns 0 or -ENOMEM. */
int metrics_add(struct metric_family *family, const struct metric_label *labels, double value);

/* Adds all series of another family to this one, and empties the other. Returns 0 or -ENOMEM. */
int metrics_take(struct metric_family *family, struct metric_family *other);

/* Merges the series, and keeps those with the greatest values, at most count. */
void metrics_keep_greatest(struct metric_family *family, size_t count);

/* Whether the family has a series with these labels: 1, 0 or -ENOMEM. Merges the series. */
int metrics_has(struct metric_family *family, const struct metric_label *labels);

/* Writes the family, its series sorted; nothing when it has none. */
void metrics_write(struct metric_family *family, FILE *file);

/* Frees the series. */
void metrics_finish(struct metric_family *family);
