// SPDX-License-Identifier: MIT
/*
 * A snapshot that is being read: takes its lines one after another, knows which may come where, and
 * holds what is not yet finished. All zero is an empty one. No line is an error: what has no known
 * form is left out.
 */
#pragma once

#include "tools/model/model_memory.h"
#include "tools/model/model.h"
#include "parse.h"

enum section {
	SECTION_HEADER,
	SECTION_GROUP,
	SECTION_PEAK,
	SECTION_NOT_LISTED,
	SECTION_NOT_SEEN,
	SECTION_MODULES
};

struct assembly {
	struct model_snapshot *snapshot; /* NULL: between two */
	struct parse parse;
	struct strings strings;
	enum section section;
	/* Of the snapshot. */
	struct list fields, groups, peaks, modules, not_listed, not_seen, notes;
	/* Of the last group, or peak: whichever came last. */
	struct list group_notes, reasons, stacks, frames, descriptors;
	struct model_stack *stack;      /* the one whose frames come, or NULL */
	struct model_stack *last_stack; /* the one that was last begun, or NULL; an ancestor, too */
	bool listing;                   /* its descriptors come */
	bool in_peak;                   /* it is a peak */
};

/* Begins a snapshot of this version, whose first line is that line of source. */
void assembly_begin(struct assembly *assembly, const char *source, size_t line, int64_t version);

/* Takes a line, which is not empty, between the first and the last one. False: it is none of the
 * snapshot's. */
bool assembly_line(struct assembly *assembly, struct scan line);

/* Returns the snapshot, as far as it was read; the caller destroys it. */
struct model_snapshot *assembly_finish(struct assembly *assembly);

/* Gives back all memory, that of an unfinished snapshot too. */
void assembly_destroy(struct assembly *assembly);
