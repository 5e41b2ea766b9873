// SPDX-License-Identifier: MIT
/*
 * Peaks: the most descriptors that were open at once, in the process, and of stacks whose
 * descriptors are closed by now. A program that closes its leaks at its very end (in an atexit
 * handler, by an interpreter) leaves nothing open, but its peaks show the leak. Called by
 * snapshot.c.
 */
#pragma once

#include "describe.h"
#include "frame.h"
#include "group.h"

enum {
	PEAKS_MOST = 20,                 /* most stacks listed, those with the highest peaks */
	PEAKS_LEAST = LEDGER_HELD_LEAST, /* lowest peak listed, unless request->peaks is set */
};

struct peak {
	struct stack_view view;
	uint32_t count, at; /* the most at once, and when (ticks) */
	uint32_t held;      /* how many until the teardown; 0: not known, or few */
	uint64_t opened, live;
};

struct peaks {
	struct peak list[PEAKS_MOST]; /* the highest first */
	size_t count;
	size_t unlisted;        /* stacks without a group that aren't listed */
	uint32_t unlisted_most; /* the highest of their peaks */
};

/* Whether a stack has held many descriptors until the process' teardown: PEAKS_LEAST or more, and
 * at least half of all that it has opened. A leak whose descriptors are closed at the end looks
 * like this. A server that has closed most of its connections before doesn't. */
bool peaks_are_held(const struct snapshot_request *request);

/* Finds the stacks to list: those without a group. */
void peaks_find(struct peaks *peaks, const struct groups *groups,
		const struct snapshot_request *request);

/* Writes the header's lines on peaks. */
void peaks_put_header(struct writer *writer, const struct peaks *peaks,
		      const struct snapshot_request *request);

/* Writes the paragraph of a peak; number is its place in the text, from 1. */
void peak_put(const struct describe *describe, struct frames *frames, const struct peak *peak,
	      size_t number);
