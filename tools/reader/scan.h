// SPDX-License-Identifier: MIT
/*
 * The lexical rules of the snapshot text, for reading (preload/core/snapshot/README.md, "Words"): a
 * position in a line, and what may come next. Each function returns false, and stays where it is,
 * when something else comes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model_memory.h"

/* What is left of a line. */
struct scan {
	const char *at, *end;
};

/* A piece of a line. */
struct span {
	const char *begin, *end;
};

static inline size_t span_length(struct span span)
{
	return (size_t)(span.end - span.begin);
}

bool span_is(struct span span, const char *words);

bool scan_at_end(const struct scan *scan);

/* These words. */
bool scan_words(struct scan *scan, const char *words);

/* A decimal number; what is too large for an int64_t is INT64_MAX. */
bool scan_number(struct scan *scan, int64_t *number);

/* "0x" and up to 16 hexadecimal digits. */
bool scan_address(struct scan *scan, uint64_t *address);

/* "0.3s", "4m02s", "3d02h04m02s": seconds. */
bool scan_duration(struct scan *scan, double *seconds);

/* A word as it is written, its quotes included. */
bool scan_word(struct scan *scan, struct span *word);

/* All up to a comma with a blank behind it that is not in quotes, or to the end; skips the comma
 * and the blank. False at the end. */
bool scan_detail(struct scan *scan, struct span *detail);

/* A piece of text from outside without its escapes, up to the first zero byte: appended to memory.
 */
char *span_unescape(struct span span, struct obstack *memory);

/* The same of a word: without its quotes, too. */
char *span_unquote(struct span word, struct obstack *memory);
