// SPDX-License-Identifier: MIT
/*
 * Says on stderr what takes so long: one line that is written over, when stderr is a terminal and
 * more than half a second has gone by, and that is gone at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct progress {
	const char *verb; /* what to begin the line with: "fdtrail report" */
	bool possible;    /* stderr is a terminal */
	bool shown;
	struct timespec began;
	int width;
};

/* verb must stay. */
void progress_begin(struct progress *progress, const char *verb);

/* For struct symbolize_options: data is the progress; step NULL: takes the line away. */
void progress_step(void *data, const char *step, size_t done, size_t total);
