// SPDX-License-Identifier: MIT
/*
 * The most that were open at once: in the process, and by stacks whose descriptors are closed by
 * now. A program that closes what it has leaked at its very end (an atexit handler, an interpreter)
 * leaves nothing open, and its peaks tell all the same. Called by snapshot.c.
 */
#pragma once

#include "describe.h"
#include "frame.h"
#include "group.h"

enum {
	PEAKS_MOST = 20, /* stacks listed, the highest peaks */
	PEAKS_LEAST =
		LEDGER_HELD_LEAST, /* of these by default; all where request->peaks asks for them */
};

struct peak {
	struct stack_view view;
	uint32_t count, at; /* how many at once, when (ticks) */
	uint32_t held;      /* how many until the end; 0: not known, or few */
	uint64_t opened, live;
};

struct peaks {
	struct peak list[PEAKS_MOST]; /* the highest first */
	size_t count;
	size_t unlisted;        /* stacks of no group that are not in the list .. */
	uint32_t unlisted_most; /* .. and the highest of their peaks */
};

/* Whether a stack has held many descriptors until the process' teardown: PEAKS_LEAST and more, and
 * no less than half of all that it has opened. That is what a leak looks like whose descriptors are
 * closed at the end, and not what a server looks like that has served and closed most of its
 * connections. */
bool peaks_are_held(const struct snapshot_request *request);

/* Finds the stacks to list: those of no group. */
void peaks_find(struct peaks *peaks, const struct groups *groups,
		const struct snapshot_request *request);

/* Puts the header's lines. */
void peaks_put_header(struct writer *writer, const struct peaks *peaks,
		      const struct snapshot_request *request);

/* Puts a paragraph. */
void peak_put(const struct describe *describe, struct frames *frames, const struct peak *peak,
	      size_t number);
