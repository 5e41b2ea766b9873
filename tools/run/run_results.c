// SPDX-License-Identifier: MIT
/* See run_results.h. */
#include "run_results.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct run_results *results, const struct ci_process *process)
{
	*(struct ci_process *)list_add(&results->list, sizeof(*process)) = *process;
}

enum limits_verdict run_results_add(struct run_results *results, struct model_snapshot *snapshot,
				    const struct limits *limits)
{
	struct ci_process process = {snapshot, limits_any(limits), LIMITS_KEPT, NULL};
	size_t length;
	FILE *memory = open_memstream(&process.lines, &length);

	if (!memory) {
		model_destroy(snapshot);
		return LIMITS_UNKNOWN;
	}
	if (process.limited)
		process.verdict = limits_check(limits, snapshot, NULL, memory);
	fclose(memory);
	add(results, &process);
	return process.verdict;
}

void run_results_add_unknown(struct run_results *results, char *lines)
{
	add(results, &(struct ci_process){NULL, true, LIMITS_UNKNOWN, lines});
}

char *run_results_take(struct run_results *results, const struct ci_format *format, size_t *length)
{
	struct ci_process *processes = results->list.items;
	char *text = NULL;
	FILE *memory = open_memstream(&text, length);

	if (memory) {
		format->write(processes, results->list.count, memory);
		fclose(memory);
	}
	for (size_t i = 0; i < results->list.count; i++) {
		model_destroy(processes[i].snapshot);
		free(processes[i].lines);
	}
	list_finish(&results->list);
	return text;
}
