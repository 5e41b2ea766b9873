// SPDX-License-Identifier: MIT
/*
 * Frames in words. The frames of everything that will be printed are collected first, so that each
 * module's symbols are read once for all of them; then stacks are written in the form that the
 * sanitizers print, which other tools can read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/module_table.h"
#include "preload/core/ledger/stack_table.h"
#include "scratch.h"
#include "writer.h"

struct named_frame {
	frame_t frame;
	const char *name; /* NULL: has none */
	size_t name_length;
	bool standard; /* of a language's own library: not where a heading points to */
	bool pools;    /* keeps the connections that it opens for later requests of others */
};

/* Names that are not in the symbol table, as Go's are in a table of their own. */
struct frame_namer {
	/* Fills in the name of named->frame, which lies in module, and what it is; false: it does
	 * not know. What name points to must stay. */
	bool (*find)(const struct frame_namer *namer, const struct module *module,
		     struct named_frame *named);
};

enum module_use {
	MODULE_UNUSED,
	MODULE_USED,
	MODULE_FILE_ABSENT,
	MODULE_FILE_CHANGED,
	MODULE_FILE_BROKEN
};

struct frames {
	struct scratch *scratch;
	const struct module_table *modules;
	const struct frame_namer *namer; /* or NULL */
	struct named_frame *list;        /* each once */
	size_t count, room;
	uint32_t *slots; /* hash table of places in list + 1 */
	size_t slot_count;
	uint8_t *uses; /* enum module_use, by module id */
	bool unnamed;  /* a frame without a name was put */
};

/* False: there was no memory. */
bool frames_init(struct frames *frames, const struct module_table *modules,
		 const struct frame_namer *namer, struct scratch *scratch);

/* Notes the frames of a stack that is going to be printed. */
void frames_add(struct frames *frames, const struct stack_view *stack);

/* Finds the names of all noted frames. */
void frames_resolve(struct frames *frames);

/* Puts the stack's frames, one a line, and a line that says so when it is incomplete; behind it the
 * stacks that created its goroutine, each under a line that says so. */
void frames_put(struct frames *frames, struct writer *writer, const struct stack_view *stack);

/* Whether the stack goes through code that keeps connections for others. */
bool frames_pool(const struct frames *frames, const struct stack_view *stack);

/* Puts where a stack begins, for a heading: "in fetch_status" or "at demo+0x1234". The first frame
 * outside the C library, which for some functions stands between, or outside Go's own, if need be
 * of the stack that created the goroutine. */
void frames_put_origin(const struct frames *frames, struct writer *writer,
		       const struct stack_view *stack);

/* Whether two stacks begin at the same place, as frames_put_origin has it. */
bool frames_same_origin(const struct frames *frames, const struct stack_view *a,
			const struct stack_view *b);

/* Whether two stacks differ in nothing but the place inside their innermost function. */
bool frames_same_function(const struct frames *frames, const struct stack_view *a,
			  const struct stack_view *b);
