// SPDX-License-Identifier: MIT
/* See metrics.h. */
#include "metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clean_text.h"

enum { VALUE_LIMIT = 200 };

/* Takes ownership of labels. */
static int append(struct metric_family *family, char *labels, double value)
{
	if (family->count == family->capacity) {
		size_t capacity = family->capacity ? 2 * family->capacity : 64;
		struct metric *grown = reallocarray(family->series, capacity, sizeof(*grown));

		if (!grown) {
			free(labels);
			return -ENOMEM;
		}
		family->series = grown;
		family->capacity = capacity;
	}
	family->series[family->count++] = (struct metric){labels, value};
	family->merged = false;
	return 0;
}

static int put_label(const struct metric_label *label, bool first, FILE *text)
{
	char *clean = clean_text(label->value, VALUE_LIMIT);

	if (!clean)
		return -ENOMEM;
	fprintf(text, "%s%s=\"", first ? "" : ",", label->name);
	for (const char *at = clean; *at; at++) {
		if (*at == '"' || *at == '\\')
			putc('\\', text);
		putc(*at, text); /* clean_text() has removed line ends */
	}
	putc('"', text);
	free(clean);
	return 0;
}

/* The labels as they are written, on the heap; NULL: no memory. */
static char *labels_text(const struct metric_label *labels)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	int error = stream ? 0 : -ENOMEM;

	for (const struct metric_label *label = labels; label->name && error == 0; label++)
		error = put_label(label, label == labels, stream);
	if (stream && fclose(stream) != 0)
		error = -ENOMEM;
	if (!error)
		return text;
	free(text);
	return NULL;
}

int metrics_add(struct metric_family *family, const struct metric_label *labels, double value)
{
	char *text = labels_text(labels);

	return text ? append(family, text, value) : -ENOMEM;
}

static int by_labels(const void *one, const void *other)
{
	const struct metric *a = one, *b = other;

	return strcmp(a->labels, b->labels);
}

static double merged(enum metrics_merge merge, double a, double b)
{
	switch (merge) {
	case METRICS_SUM:
		return a + b;
	case METRICS_GREATEST:
		return a > b ? a : b;
	case METRICS_LEAST:
		return a < b ? a : b;
	}
	return b;
}

/* Sorts the series, and merges those with the same labels. */
static void merge_series(struct metric_family *family)
{
	size_t kept = 0;

	if (family->merged)
		return;
	if (family->count)
		qsort(family->series, family->count, sizeof(*family->series), by_labels);
	for (size_t i = 0; i < family->count; i++) {
		struct metric *last = kept ? &family->series[kept - 1] : NULL;

		if (last && strcmp(last->labels, family->series[i].labels) == 0) {
			last->value = merged(family->merge, last->value, family->series[i].value);
			free(family->series[i].labels);
		} else {
			family->series[kept++] = family->series[i];
		}
	}
	family->count = kept;
	family->merged = true;
}

/* The greatest first; equal ones in the order of their labels. */
static int by_value(const void *one, const void *other)
{
	const struct metric *a = one, *b = other;

	return a->value != b->value ? (a->value < b->value ? 1 : -1) : by_labels(one, other);
}

void metrics_keep_greatest(struct metric_family *family, size_t count)
{
	merge_series(family);
	if (family->count <= count)
		return;
	qsort(family->series, family->count, sizeof(*family->series), by_value);
	for (size_t i = count; i < family->count; i++)
		free(family->series[i].labels);
	family->count = count;
	family->merged = false;
}

int metrics_has(struct metric_family *family, const struct metric_label *labels)
{
	struct metric wanted = {.labels = labels_text(labels)};
	bool has;

	if (!wanted.labels)
		return -ENOMEM;
	merge_series(family);
	has = family->count &&
	      bsearch(&wanted, family->series, family->count, sizeof(wanted), by_labels);
	free(wanted.labels);
	return has;
}

int metrics_take(struct metric_family *family, struct metric_family *other)
{
	int error = 0;

	merge_series(other);
	for (size_t i = 0; i < other->count; i++) {
		if (error)
			free(other->series[i].labels);
		else
			error = append(family, other->series[i].labels, other->series[i].value);
	}
	other->count = 0;
	return error;
}

void metrics_write(struct metric_family *family, FILE *file)
{
	merge_series(family);
	if (family->count == 0)
		return;
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
		family->type);
	for (size_t i = 0; i < family->count; i++) {
		const struct metric *metric = &family->series[i];

		fprintf(file, "%s{%s} ", family->name, metric->labels);
		if (isinf(metric->value))
			fputs(metric->value > 0 ? "+Inf\n" : "-Inf\n", file);
		else
			fprintf(file, "%.15g\n", metric->value);
	}
}

void metrics_finish(struct metric_family *family)
{
	for (size_t i = 0; i < family->count; i++)
		free(family->series[i].labels);
	free(family->series);
	family->series = NULL;
	family->count = family->capacity = 0;
}
