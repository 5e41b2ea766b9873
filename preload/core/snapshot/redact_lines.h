// SPDX-License-Identifier: MIT
/*
 * Replaces what shall stay private in the text of a snapshot, before any of it is written
 * (FDTRAIL_REDACT). core/redact/redact_text.h has the rules; this knows which part of a line is a
 * path, a function or an argument. The text is walked twice: first only to find the names that are
 * replaced wherever they stand, because a line may have one before the path that tells it.
 * Async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/core/redact/substitutes.h"
#include "writer.h"

/* Puts the text of a whole snapshot, of size bytes, with substitutes to writer. The text is changed
 * meanwhile, and as it was afterwards. program: the program's name. False: there was no memory for
 * a name, so the writer's text must not be used. */
bool redact_lines(struct substitutes *substitutes, char *text, size_t size, const char *program,
		  struct writer *writer);
