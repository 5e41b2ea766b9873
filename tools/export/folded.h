// SPDX-License-Identifier: MIT
/*
 * Collapsed stacks, the input of flame graph scripts and of speedscope:
 * `program;outermost;...;innermost;[kind] COUNT`, a line a stack and kind (none where a group has
 * several). The program has no process id, so that files of two runs can be compared
 * (difffolded.pl); inlined functions are frames of their own; what has no stack stands under
 * "[inherited]", "[opened by an untraced call]", "[not traced]" or "[no stack]". Connections
 * whose last HTTP request is known (Go) stand under that request, with "[last HTTP request]" before
 * the kind.
 *
 * A semicolon would end a frame: in names it becomes a colon. What else a name must not hold there,
 * line ends above all, becomes U+FFFD (clean_text.h).
 */
#pragma once

#include "format.h"

/* Writes the stack and the kind of a group, without the count and the blank before it. Returns 0 or
 * -ENOMEM. */
int folded_write_stack(const struct model_snapshot *snapshot, const struct model_group *group,
		       const struct export_options *options, FILE *file);

int folded_write(const struct model_snapshot *const *snapshots, size_t count,
		 const struct export_options *options, FILE *file);
