// SPDX-License-Identifier: MIT
/*
 * Collapsed stacks, the input of flame graph scripts and of speedscope:
 * `program;outermost;...;innermost;[kind] COUNT`, one line a stack and kind (without a kind if a
 * group has several). The program's process id is left out, so that files of two runs can be
 * compared (difffolded.pl). Inlined functions are frames of their own. A group without a stack is a
 * frame "[inherited]", "[opened by an untraced call]", "[not traced]" or "[no stack]".
 * Connections whose last HTTP request is known (Go) have the stack of that request, with "[last
 * HTTP request]" before the kind.
 *
 * A semicolon in a name becomes a colon, because it would end the frame. Line ends and other
 * invisible characters become U+FFFD (clean_text.h).
 */
#pragma once

#include "format.h"

/* Writes the stack and the kind of a group, without the blank and the count. Returns 0 or -ENOMEM.
 * Other errors are those of file: ferror(3). */
int folded_write_stack(const struct model_snapshot *snapshot, const struct model_group *group,
		       const struct export_options *options, FILE *file);

/* As struct format's write; takes only the newest snapshot of each process. */
int folded_write(const struct model_snapshot *const *snapshots, size_t count,
		 const struct export_options *options, FILE *file);
