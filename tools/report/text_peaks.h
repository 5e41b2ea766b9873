// SPDX-License-Identifier: MIT
/*
 * How many descriptors a program had open at once, where nothing of a stack is left open: what it
 * closes at its very end (in an atexit handler, by an interpreter) may have leaked all the same.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"
#include "page.h"

/* Whether the stack has held so many until the program's end that it is worth a line unasked: what
 * the tracer tells (preload/core/snapshot/peak.h), and half of all that it has opened. What is
 * suppressed is not. */
bool text_peak_is_held(const struct model_peak *peak);

/* "at most 100 were open at once: 100 by main.c:5, 60 by pool.c:9": of the peaks that are worth a
 * line, or break a limit. The caller frees it. NULL: there is none. */
char *text_peaks_sentence(const struct page *page, const struct model_snapshot *snapshot);

/* Puts a paragraph with a line for each peak; nothing when there is none. all: more than the first
 * few. */
void text_peaks(const struct page *page, const struct model_snapshot *snapshot, bool all);
