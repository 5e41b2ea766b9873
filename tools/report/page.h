// SPDX-License-Identifier: MIT
/*
 * Lines of text for people: as wide as the terminal, in colour if wanted, and safe: text from
 * outside can't drive the terminal. Only colour and line breaks depend on the terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tools/model/model.h"

enum page_style { PAGE_PLAIN, PAGE_STRONG, PAGE_FAINT, PAGE_WARNING };

struct page {
	FILE *file;
	int width; /* columns of the terminal; 0: not a terminal */
	bool colour;
	char *folder; /* current directory; paths below it are shown relative to it; or NULL */
};

/* width: as in struct page. page_close() frees what it holds; file stays the caller's. */
void page_open(struct page *page, FILE *file, int width, bool colour);
void page_close(struct page *page);

/* Writes a line, or several if it is wider than the terminal: broken at blanks, all but the first
 * indented by more columns. Prose is broken at 80 columns if there is no terminal. text must be
 * safe to print. */
void page_line(const struct page *page, int indent, int more, enum page_style style,
	       const char *text);
void page_prose(const struct page *page, int indent, int more, enum page_style style,
		const char *text);

/* The same with a printf(3) format; %s arguments must be safe to print. */
void page_linef(const struct page *page, int indent, int more, enum page_style style,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void page_prosef(const struct page *page, int indent, int more, enum page_style style,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Returns the singular or the plural. */
static inline const char *page_plural(int64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* A formatted text, which the caller frees. */
char *page_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many columns a safe text takes. */
int page_columns(const char *text);

/* Cuts a safe text to the given columns, with "..." at its end. */
void page_cut(char *text, int columns);

/* Safe copies, which the caller frees: of a name from outside; and of a text that is, or should be,
 * escaped as in snapshots. */
char *page_safe(const char *name);
char *page_safe_written(const char *text);

/* "server, process 4711", safe; the caller frees it. */
char *page_process(const struct model_snapshot *snapshot);

/* The path of a source file, safe and short. The caller frees it. */
char *page_path(const struct page *page, const char *path);

/* "12.1s" or "4m02s", as snapshots write it, in text; returns text. */
const char *page_duration(double seconds, char text[32]);

/* Writes model_group.ages again, from age_least and age_most. */
void page_ages(struct model_snapshot *snapshot, struct model_group *group);
