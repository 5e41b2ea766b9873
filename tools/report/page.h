// SPDX-License-Identifier: MIT
/*
 * Lines of text for people: as wide as the terminal, in colour where that is wanted, and safe: what
 * comes from outside can't drive the terminal. What is written here is the same everywhere but for
 * colour and where lines are broken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "tools/model/model.h"

enum page_style { PAGE_PLAIN, PAGE_STRONG, PAGE_FAINT, PAGE_WARNING };

struct page {
	FILE *file;
	int width; /* of a terminal; 0: it is none */
	bool colour;
	char *folder; /* where we are: source files below it are shown relative to it; or NULL */
};

void page_open(struct page *page, FILE *file, int width, bool colour);
void page_close(struct page *page);

/* A line, or several when it is wider than the terminal: broken at blanks, all but the first
 * indented by more. Prose is broken at 80 columns where there is no terminal. text is safe to
 * print. */
void page_line(const struct page *page, int indent, int more, enum page_style style,
	       const char *text);
void page_prose(const struct page *page, int indent, int more, enum page_style style,
		const char *text);

/* The same with format; its %s are safe to print. */
void page_linef(const struct page *page, int indent, int more, enum page_style style,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
void page_prosef(const struct page *page, int indent, int more, enum page_style style,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The word for one, or for many. */
static inline const char *page_plural(int64_t count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}

/* A formatted text, which the caller frees. */
char *page_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How many columns a safe text takes. */
int page_columns(const char *text);

/* Cuts a safe text to so many columns, with "..." at its end. */
void page_cut(char *text, int columns);

/* Safe texts, which the caller frees: of a name from outside; of a text that is escaped as
 * snapshots are, or should be. */
char *page_safe(const char *name);
char *page_safe_written(const char *text);

/* "server, process 4711", safe; the caller frees it. */
char *page_process(const struct model_snapshot *snapshot);

/* The path of a source file, safe and short. The caller frees it. */
char *page_path(const struct page *page, const char *path);

/* "12.1s" or "4m02s", as snapshots write it, in text; returns text. */
const char *page_duration(double seconds, char text[32]);

/* Writes the group's ages anew (model_group.ages), from age_least and age_most. */
void page_ages(struct model_snapshot *snapshot, struct model_group *group);
