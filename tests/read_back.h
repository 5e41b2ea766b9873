// SPDX-License-Identifier: MIT
/* Writes what the reader has parsed from some bytes, as text again, for its tests and its fuzz
 * target. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model_write.h"
#include "tools/reader/reader.h"

/* All snapshots in the bytes, as one text, which the caller frees. */
static inline char *read_back(const void *bytes, size_t size, size_t *length)
{
	FILE *in = size ? fmemopen((void *)(uintptr_t)bytes, size, "r") : fopen("/dev/null", "r");
	char *text = NULL;
	FILE *to = open_memstream(&text, length);
	struct reader *reader;
	struct model_snapshot *snapshot;

	if (!in || !to)
		abort();
	reader = reader_create(in, "input");
	while ((snapshot = reader_next(reader)) != NULL) {
		model_write(snapshot, to);
		model_destroy(snapshot);
	}
	reader_destroy(reader);
	fclose(in);
	fclose(to);
	return text;
}
