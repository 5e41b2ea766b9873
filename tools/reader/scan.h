// SPDX-License-Identifier: MIT
/*
 * The scanner of the snapshot text (preload/core/snapshot/README.md, "Words"): a position in a
 * line, and functions for each token. Each returns false, and does not move, if something else
 * comes next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model_memory.h"

/* The rest of a line. */
struct scan {
	const char *at, *end;
};

/* A part of a line. */
struct span {
	const char *begin, *end;
};

static inline size_t span_length(struct span span)
{
	return (size_t)(span.end - span.begin);
}

bool span_is(struct span span, const char *words);

bool scan_at_end(const struct scan *scan);

/* Exactly these words. */
bool scan_words(struct scan *scan, const char *words);

/* A decimal number; one that is too large for int64_t becomes INT64_MAX. */
bool scan_number(struct scan *scan, int64_t *number);

/* "0x" and up to 16 hexadecimal digits. */
bool scan_address(struct scan *scan, uint64_t *address);

/* "0.3s", "4m02s", "3d02h04m02s": seconds. */
bool scan_duration(struct scan *scan, double *seconds);

/* A word as written, with its quotes. */
bool scan_word(struct scan *scan, struct span *word);

/* The text up to the next ", " outside quotes, or to the end; skips the comma and the blank. False
 * at the end. */
bool scan_detail(struct scan *scan, struct span *detail);

/* The text without its escapes, up to the first zero byte, as a string in memory. */
char *span_unescape(struct span span, struct obstack *memory);

/* The same for a word; removes its quotes, too. */
char *span_unquote(struct span word, struct obstack *memory);
