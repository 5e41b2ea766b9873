// SPDX-License-Identifier: MIT
/*
 * The processes of `fdtrail export`: takes their snapshots (top/top_watch.h), counts what happens
 * to them, and writes it all as metrics. The number of series is bounded, however many
 * stacks, processes and programs there are. Knows nothing of HTTP.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model_memory.h"
#include "tools/symbolize/symbolize.h"
#include "tools/top/kept_stderr.h"
#include "tools/top/top_watch.h"
#include "exporter_arguments.h"

struct exporter {
	const struct exporter_arguments *asked;
	struct top_watch watch;
	struct list tallies; /* of struct program_tally: one for each program */
	struct list named;   /* of int: how many processes a name of asked has; < 0: an errno */
	size_t looks;
	bool complete; /* the last look saw all processes */
	int64_t looked_ms, took_ms;
	char said[KEPT_STDERR_TAIL + 1]; /* messages of the last look */
	char *text;                      /* the metrics; NULL: none yet */
	size_t size;
};

/* Begins with no process. The symbolizer stays the caller's. */
void exporter_begin(struct exporter *exporter, const struct exporter_arguments *asked,
		    struct symbolizer *symbolizer);
void exporter_finish(struct exporter *exporter);

/* Takes a snapshot of every process, and replaces the text. Messages are on stderr. 0 or a negative
 * errno: there is no text. */
int exporter_look(struct exporter *exporter);

/* Whether there has been a snapshot of any process that has not ended. */
bool exporter_has_seen(const struct exporter *exporter);

/* The metrics, for http_server.h: looks again if the last look is older than --interval, and prints
 * messages only when they are others than at the last look. data: the exporter. */
const char *exporter_text(size_t *size, void *data);
