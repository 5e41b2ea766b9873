// SPDX-License-Identifier: MIT
/*
 * Names a snapshot's frames: adds the functions with file and line, including inlined ones, from
 * the modules' files on this machine. Only the file that ran is used: its build-id must be the
 * snapshot's. A frame that can't be named says why (model_frame.trouble).
 *
 * Untrusted files are read in a child process, one module at a time: a crash or a timeout there
 * costs that module its lines and nothing else. Signals that end this process also end the child,
 * and an interrupted download leaves no partial file.
 */
#pragma once

#include <stddef.h>

#include "tools/model/model.h"

struct symbolizer;

struct symbolize_options {
	/* Folders with separate debug files (DIR/.build-id/xx/yyyy.debug, or by .gnu_debuglink as
	 * in gdb(1)), or files themselves (debug_dirs.h). Searched before /usr/lib/debug. Ends with
	 * NULL; or NULL. */
	const char *const *debug_dirs;
	/* Called when a step begins that may take long ("reading server"), after done of total
	 * steps; and once at the end with done == total and step NULL. Or NULL. */
	void (*progress)(void *data, const char *step, size_t done, size_t total);
	void *data;
};

/* Opens nothing yet. options are copied; they may be NULL. Returns NULL if there is no memory. */
struct symbolizer *symbolizer_create(const struct symbolize_options *options);
/* The files of the next snapshots' modules are looked for in this folder first, such as the root of
 * a process in a container; NULL: in no folder. root is copied. symbolizer may be NULL. */
void symbolizer_set_root(struct symbolizer *symbolizer, const char *root);

/* symbolizer may be NULL. */
void symbolizer_destroy(struct symbolizer *symbolizer);

/*
 * Fills in locations, own and trouble of all frames. Two frames at the same place share their
 * locations. Strings and arrays live in the snapshot's memory; function names are demangled,
 * nothing is escaped. The answers are kept for the next snapshot. Returns 0, or a negative errno
 * (-ENOMEM, -EMFILE, ...) if no child process could be started; the names found until then are
 * filled in. Must not be called while another thread waits for children with wait(2).
 */
int symbolize_snapshot(struct symbolizer *symbolizer, struct model_snapshot *snapshot);

/* The frame where the reader should look first: the innermost frame of user code that has a name,
 * else the innermost one in a module, else NULL. Needs symbolize_snapshot(). */
const struct model_frame *symbolize_own_frame(const struct model_stack *stack);

/* The innermost location of the frame that is user code (an inlined std::function is not); or
 * NULL. */
const struct model_location *symbolize_own_location(const struct model_frame *frame);
