// SPDX-License-Identifier: MIT
/*
 * Builds one snapshot from its lines: takes them one after another, knows which may follow which,
 * and holds the unfinished parts. All zero is an empty assembly. No line is an error: a line of
 * unknown form is skipped.
 */
#pragma once

#include "tools/model/model_memory.h"
#include "tools/model/model.h"
#include "parse.h"

enum section {
	SECTION_HEADER,
	SECTION_GROUP,
	SECTION_PEAK,
	SECTION_MARKS,
	SECTION_MISUSE,
	SECTION_NOT_LISTED,
	SECTION_NOT_SEEN,
	SECTION_MODULES
};

struct assembly {
	struct model_snapshot *snapshot; /* NULL: between two snapshots */
	struct parse parse;
	struct strings strings;
	enum section section;
	/* Finished parts of the snapshot. */
	struct list fields, groups, peaks, misuses, modules, marks, not_listed, not_seen, notes;
	/* Parts of the group, peak or misuse that was begun last. */
	struct list group_notes, reasons, stacks, frames, descriptors, closers;
	struct model_stack *stack;      /* the stack whose frames are being read, or NULL */
	struct model_stack *last_stack; /* the stack (or ancestor) that was begun last, or NULL */
	bool listing;                   /* its descriptors, or its closers, are being read */
	enum section part;              /* the header, or of the group, peak or misuse begun last */
};

/* Begins a snapshot. version: of its format; line: of its first line in the file called source,
 * which must outlive the snapshot. */
void assembly_begin(struct assembly *assembly, const char *source, size_t line, int64_t version);

/* Takes a line between the first and the last one; it must not be empty. False: the line is not
 * part of the snapshot. */
bool assembly_line(struct assembly *assembly, struct scan line);

/* Returns the snapshot as far as it was read. The caller destroys it. */
struct model_snapshot *assembly_finish(struct assembly *assembly);

/* Frees all memory, including an unfinished snapshot. */
void assembly_destroy(struct assembly *assembly);
