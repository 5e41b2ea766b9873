// SPDX-License-Identifier: MIT
/* Shared by the tests of tools/export/: snapshots parsed from a text, and the output of a
 * format. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/format_table.h"
#include "tools/reader/reader.h"

enum { EXPORTED_MAX = 8 };

/* The snapshots of a text; free them with exported_destroy(). */
struct exported {
	struct model_snapshot *snapshots[EXPORTED_MAX];
	size_t count;
	char *text; /* the output of the last exported_as() */
	size_t size;
};

static inline struct exported *exported_create(const char *text)
{
	struct exported *exported = calloc(1, sizeof(*exported));
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	struct reader *reader;

	assert_non_null(exported);
	assert_non_null(file);
	reader = reader_create(file, "a test");
	assert_non_null(reader);
	while ((exported->snapshots[exported->count] = reader_next(reader)) != NULL)
		assert_true(++exported->count < EXPORTED_MAX);
	reader_destroy(reader);
	fclose(file);
	return exported;
}

static inline void exported_destroy(struct exported *exported)
{
	for (size_t i = 0; i < exported->count; i++)
		model_destroy(exported->snapshots[i]);
	free(exported->text);
	free(exported);
}

/* All snapshots in the format called name; the text lives until the next call. */
static inline const char *exported_as(struct exported *exported, const char *name,
				      const struct export_options *options)
{
	static const struct export_options none = {.collapse_runtime = false};
	const struct format *format = format_find(name);
	FILE *stream;

	assert_non_null(format);
	free(exported->text);
	exported->text = NULL;
	stream = open_memstream(&exported->text, &exported->size);
	assert_non_null(stream);
	assert_int_equal(format->write((const struct model_snapshot *const *)exported->snapshots,
				       exported->count, options ? options : &none, stream),
			 0);
	assert_int_equal(fclose(stream), 0);
	return exported->text;
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("no %s in:\n%s", part, text);                                     \
	} while (0)

#define assert_has_not(text, part)                                                                 \
	do {                                                                                       \
		if (strstr(text, part))                                                            \
			fail_msg("%s in:\n%s", part, text);                                        \
	} while (0)
