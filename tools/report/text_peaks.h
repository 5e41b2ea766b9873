// SPDX-License-Identifier: MIT
/*
 * Peaks: how many descriptors a stack had open at once, for stacks that have none open now. A
 * program may have leaked all the same if it closes them only at its very end (in an atexit
 * handler, or as an interpreter does).
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"
#include "page.h"

/* Whether the stack kept so many open until the program's end that the report mentions it unasked:
 * at least as many as the tracer reports (preload/core/snapshot/peak.h), and half of all that it
 * opened. False if it is suppressed. */
bool text_peak_is_held(const struct model_peak *peak);

/* "at most 100 were open at once: 100 by main.c:5, 60 by pool.c:9", with the peaks that
 * text_peak_is_held() or that break a limit. The caller frees it. NULL if there are none. */
char *text_peaks_sentence(const struct page *page, const struct model_snapshot *snapshot);

/* Writes a paragraph with a line for each peak; nothing if there are none. all: not only the first
 * few. */
void text_peaks(const struct page *page, const struct model_snapshot *snapshot, bool all);
