// SPDX-License-Identifier: MIT
/*
 * Shows on stderr what takes long: one line that is overwritten. It appears if stderr is a terminal
 * and more than half a second has passed, and is removed at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct progress {
	const char *verb; /* the line begins with it: "fdtrail report" */
	bool possible;    /* stderr is a terminal */
	bool shown;
	struct timespec began;
	int width;
};

/* Initializes progress. Keeps verb, which must outlive it. */
void progress_begin(struct progress *progress, const char *verb);

/* The progress function of struct symbolize_options: data is the struct progress. step NULL removes
 * the line. */
void progress_step(void *data, const char *step, size_t done, size_t total);
