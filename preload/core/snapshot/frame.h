// SPDX-License-Identifier: MIT
/*
 * Writes frames. All frames to be printed are collected first, so that each module's symbols are
 * read only once. Then stacks are written in the form of the sanitizers, which other tools can
 * read. All functions are async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "scratch.h"
#include "writer.h"

struct named_frame {
	frame_t frame;
	const char *name; /* NULL: not known */
	size_t name_length;
	bool standard; /* of a language's own library, so that a heading doesn't name it */
	bool pools;    /* keeps the connections that it opens for later requests */
};

/* Finds names that aren't in the symbol table, like Go's, which are in a table of their own. */
struct frame_namer {
	/* Fills in the name and the flags of named->frame, which lies in module; false: not known.
	 * The name must stay valid until the text is written. */
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
	const struct language_table *languages;
	const struct frame_namer *namer; /* or NULL */
	struct named_frame *list;        /* each frame once */
	size_t count, room;
	uint32_t *slots; /* hash table of indexes into list + 1 */
	size_t slot_count;
	uint8_t *uses; /* enum module_use, by module id */
	bool unnamed;  /* a frame without a name was written */
};

/* Prepares frames of this ledger; namer may be NULL. False: no memory. */
bool frames_init(struct frames *frames, const struct ledger *ledger,
		 const struct frame_namer *namer, struct scratch *scratch);

/* Adds the frames of a stack that will be printed. */
void frames_add(struct frames *frames, const struct stack_view *stack);

/* Finds the names of all added frames. */
void frames_resolve(struct frames *frames);

/* Writes the stack's frames, one per line, and a line that says so if the stack is incomplete; then
 * the stacks that created its goroutine, each after a line "created by:". */
void frames_put(struct frames *frames, struct writer *writer, const struct stack_view *stack);

/* Whether the stack goes through code that keeps connections for later requests. */
bool frames_pool(const struct frames *frames, const struct stack_view *stack);

/* Writes the place that a heading names: "in fetch_status", "at demo+0x1234", or for an interpreted
 * language "in fetch at client.py:6". It is the first frame outside the C library, which calls
 * itself in some functions, and outside the libraries of Go and of interpreted languages; if need
 * be, one of the stack that created the goroutine, or of the language's library. */
void frames_put_origin(const struct frames *frames, struct writer *writer,
		       const struct stack_view *stack);

/* Whether two stacks have the same place, in the sense of frames_put_origin. */
bool frames_same_origin(const struct frames *frames, const struct stack_view *a,
			const struct stack_view *b);

/* Whether two stacks differ only in the place inside their innermost function. */
bool frames_same_function(const struct frames *frames, const struct stack_view *a,
			  const struct stack_view *b);
