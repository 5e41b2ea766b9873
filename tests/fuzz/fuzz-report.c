// SPDX-License-Identifier: MIT
/*
 * The report of any bytes, with and without filters, narrow and wide: no character of the output
 * can drive a terminal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/utf8.h"
#include "tools/reader/reader.h"
#include "tools/report/filter.h"
#include "tools/report/findings.h"
#include "tools/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;

	for (size_t at = 0; at < size;) {
		uint32_t character;
		size_t length = utf8_decode(bytes + at, size - at, &character);

		if (length == 0 || (character != '\n' && utf8_is_invisible(character))) {
			fprintf(stderr, "at byte %zu of:\n%s\n", at, text);
			abort();
		}
		at += length;
	}
}

static void report(struct model_snapshot *snapshot, const struct report_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		abort();
	report_source(file, snapshot, options);
	report_text(file, snapshot, options);
	fclose(file);
	check_text(text, size);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct report_options plain = {.show = 2};
	static const struct report_options narrow = {
		.show = REPORT_SHOW_ALL, .width = 30, .collapse_runtime = true};
	static const struct report_options full = {.show = REPORT_SHOW_ALL, .full = true};
	static const struct filter filter = {
		.kinds = KIND_ALL, .states = "CLOSE_WAIT,LISTEN", .min_age = 1, .path = "*1*"};
	FILE *in = size ? fmemopen((void *)(uintptr_t)data, size, "r") : fopen("/dev/null", "r");
	struct reader *reader;
	struct model_snapshot *snapshot;

	if (!in)
		abort();
	reader = reader_create(in, "in\033put");
	while ((snapshot = reader_next(reader)) != NULL) {
		report(snapshot, &plain);
		report(snapshot, &narrow);
		filter_apply(&filter, snapshot);
		report(snapshot, &plain);
		findings_merge(snapshot);
		report(snapshot, &plain);
		report(snapshot, &full);
		model_destroy(snapshot);
	}
	reader_destroy(reader);
	fclose(in);
	return 0;
}
