// SPDX-License-Identifier: MIT
/*
 * The exports of whatever the reader makes of any bytes: text stays valid, and each series occurs
 * once, also after names were replaced (redact/).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../export_checks.h"
#include "tools/arguments/format_table.h"
#include "tools/reader/reader.h"
#include "tools/redact/redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SNAPSHOTS = 16 };

static void try_format(const struct format *format, struct model_snapshot **snapshots, size_t count)
{
	for (int collapse = 0; collapse <= 1; collapse++) {
		const struct export_options options = {.collapse_runtime = collapse};
		char *text = NULL;
		size_t length;
		FILE *to = open_memstream(&text, &length);

		if (!to ||
		    format->write((const struct model_snapshot *const *)snapshots, count, &options,
				  to) != 0 ||
		    fclose(to) != 0)
			abort();
		if (!format->binary && !export_is_clean(text, length))
			abort();
		if (strcmp(format->name, "prometheus") == 0 && !metrics_are_sound(text))
			abort();
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
	struct model_snapshot *snapshots[SNAPSHOTS];
	struct reader *reader;
	size_t count = 0;

	if (!in)
		abort();
	reader = reader_create(in, "input");
	while (count < SNAPSHOTS && (snapshots[count] = reader_next(reader)) != NULL)
		count++;
	reader_destroy(reader);
	fclose(in);
	for (size_t i = 0; i < format_count; i++)
		try_format(&formats[i], snapshots, count);
	struct substitutes *substitutes = substitutes_create();
	for (size_t i = 0; i < count; i++)
		redact_snapshot(substitutes, snapshots[i]);
	for (size_t i = 0; i < format_count; i++)
		try_format(&formats[i], snapshots, count);
	substitutes_destroy(substitutes);
	while (count)
		model_destroy(snapshots[--count]);
	return 0;
}
