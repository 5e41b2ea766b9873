// SPDX-License-Identifier: MIT
/*
 * Adds to a snapshot what its text can't have: for each frame the functions with file and line, the
 * inlined ones too, from the modules' files on this machine. A file that is not the one that ran is
 * never used: its build-id must be the snapshot's. What could not be named says why
 * (model_frame.trouble).
 *
 * Files of others are read in a child process of their own, a module a time: what breaks there, or
 * takes too long, costs that module its lines and nothing else. Signals that end this process end
 * the child, and a download that it has begun leaves nothing behind.
 */
#pragma once

#include <stddef.h>

#include "tools/model/model.h"

struct symbolizer;

struct symbolize_options {
	/* Folders with separate debug files (DIR/.build-id/xx/yyyy.debug, or by .gnu_debuglink as
	 * in gdb(1)); searched before /usr/lib/debug. NULL-terminated; or NULL. */
	const char *const *debug_dirs;
	/* Called when a step begins that may take long: "reading server", done of total
	 * steps behind us; and once at the end with done == total and step NULL. Or NULL. */
	void (*progress)(void *data, const char *step, size_t done, size_t total);
	void *data;
};

/* NULL: no memory. Nothing is opened yet. options are copied; NULL: none. */
struct symbolizer *symbolizer_create(const struct symbolize_options *options);
/* NULL is nothing. */
void symbolizer_destroy(struct symbolizer *symbolizer);

/*
 * Fills in locations, own and trouble of all frames, and links shared answers: two frames at the
 * same place have the same locations. Strings and arrays live in the snapshot's memory; function
 * names are demangled, nothing is escaped. What was found is kept for the next snapshot. Returns 0
 * or -ENOMEM, -EMFILE, ...: a negative errno when no child could be made at all; what was found
 * until then is filled in. Must not be called while another thread waits for children with wait(2).
 */
int symbolize_snapshot(struct symbolizer *symbolizer, struct model_snapshot *snapshot);

/* The frame where the reader should look first: the innermost one of the program's own code that
 * has a name, else the innermost one, else NULL. Needs symbolize_snapshot(). */
const struct model_frame *symbolize_own_frame(const struct model_stack *stack);

/* Of its locations the one in the program's own code (an inlined std::function is not); or NULL. */
const struct model_location *symbolize_own_location(const struct model_frame *frame);
