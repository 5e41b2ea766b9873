// SPDX-License-Identifier: MIT
/*
 * The reader, on any bytes: what it has once understood and written it must understand in the same way
 * again.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reader/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All snapshots in the bytes, as text. */
static char *written(const void *data, size_t size, size_t *length)
{
	FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t once_length, again_length;
	char *once = written(data, size, &once_length);
	char *again = written(once, once_length, &again_length);

	if (once_length != again_length || memcmp(once, again, once_length) != 0) {
		fprintf(stderr, "read and written:\n%s\nand again:\n%s\n", once, again);
		abort();
	}
	free(once);
	free(again);
	return 0;
}
