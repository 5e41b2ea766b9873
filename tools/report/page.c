// SPDX-License-Identifier: MIT
/* See page.h. */
#include "page.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/snapshot/escape_text.h"
#include "tools/model/escape.h"
#include "tools/model/model_memory.h"

enum { PROSE_WIDTH = 80, LEAST_WIDTH = 20 };

/* ECMA-48, "select graphic rendition". */
static const char *const styles[] = {
	[PAGE_PLAIN] = "",
	[PAGE_STRONG] = "\033[1m",
	[PAGE_FAINT] = "\033[2m",
	[PAGE_WARNING] = "\033[33m",
};
static const char style_end[] = "\033[0m";

void page_open(struct page *page, FILE *file, int width, bool colour)
{
	*page = (struct page){.file = file, .width = width, .colour = colour};
	page->folder = getcwd(NULL, 0);
	if (page->folder && strcmp(page->folder, "/") == 0) {
		free(page->folder);
		page->folder = NULL;
	}
}

void page_close(struct page *page)
{
	free(page->folder);
	page->folder = NULL;
}

int page_columns(const char *text)
{
	int columns = 0;

	/* Continuation bytes of UTF-8 take no column. */
	for (; *text; text++)
		columns += ((unsigned char)*text & 0xc0) != 0x80;
	return columns;
}

void page_cut(char *text, int columns)
{
	int seen = 0;

	if (page_columns(text) <= columns || columns < 4)
		return;
	for (char *at = text; *at; at++) {
		if (((unsigned char)*at & 0xc0) == 0x80)
			continue;
		if (seen++ == columns - 3) {
			strcpy(at, "...");
			return;
		}
	}
}

/* How many bytes of text fit in the given columns, broken at a blank if possible. */
static size_t line_size(const char *text, int columns)
{
	size_t last_blank = 0, i;

	for (i = 0; text[i]; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		if (columns-- == 0)
			break;
		/* Never breaks between a number and its unit. */
		if (text[i] == ' ' && (text[i + 1] != 'B' || isalnum((unsigned char)text[i + 2])))
			last_blank = i;
	}
	if (!text[i] || (text[i] == ' ' && text[i + 1] != 'B'))
		return i;
	if (last_blank)
		return last_blank;
	/* A long word stays whole, so that a path can be copied. */
	while (text[i] && text[i] != ' ')
		i++;
	return i;
}

static void put(const struct page *page, int width, int indent, int more, enum page_style style,
		const char *text)
{
	bool styled = page->colour && style != PAGE_PLAIN;

	do {
		int room = width - indent > LEAST_WIDTH ? width - indent : LEAST_WIDTH;
		size_t size = width ? line_size(text, room) : strlen(text);

		fprintf(page->file, "%*s%s%.*s%s\n", indent, "", styled ? styles[style] : "",
			(int)size, text, styled ? style_end : "");
		text += size;
		text += strspn(text, " ");
		indent += more;
		more = 0;
	} while (*text);
}

void page_line(const struct page *page, int indent, int more, enum page_style style,
	       const char *text)
{
	put(page, page->width, indent, more, style, text);
}

void page_prose(const struct page *page, int indent, int more, enum page_style style,
		const char *text)
{
	int width = page->width && page->width < PROSE_WIDTH ? page->width : PROSE_WIDTH;

	put(page, width, indent, more, style, text);
}

static char *format_text(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		return memory_array(NULL, 1, 0);
	return text;
}

char *page_format(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	return text;
}

void page_linef(const struct page *page, int indent, int more, enum page_style style,
		const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	page_line(page, indent, more, style, text);
	free(text);
}

void page_prosef(const struct page *page, int indent, int more, enum page_style style,
		 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_text(format, arguments);
	va_end(arguments);
	page_prose(page, indent, more, style, text);
	free(text);
}

char *page_safe(const char *name)
{
	return escape_text(name);
}

/* The program's name has no control characters unless somebody edited the snapshot. */
char *page_process(const struct model_snapshot *snapshot)
{
	char *program = page_safe(snapshot->program ? snapshot->program : "a process");
	char *name = snapshot->pid == MODEL_UNKNOWN
			     ? page_format("%s", program)
			     : page_format("%s, process %" PRId64, program, snapshot->pid);

	free(program);
	return name;
}

char *page_safe_written(const char *text)
{
	return escape_rest(text, strlen(text));
}

char *page_path(const struct page *page, const char *path)
{
	size_t size = page->folder ? strlen(page->folder) : 0;

	if (size && strncmp(path, page->folder, size) == 0 && path[size] == '/')
		path += size + 1;
	return page_safe(path);
}

const char *page_duration(double seconds, char text[32])
{
	struct writer writer = {.fd = -1, .own = -1, .buffer = text, .size = 32};

	/* Times above a thousand years are not times; they would not fit. */
	put_duration(&writer, seconds > 0 && seconds < 3e10 ? (uint64_t)(seconds * 1000 + 0.5) : 0);
	text[writer.used] = '\0';
	return text;
}

void page_ages(struct model_snapshot *snapshot, struct model_group *group)
{
	char least[32], most[32];

	group->ages = NULL;
	if (group->age_least < 0)
		return;
	page_duration(group->age_least, least);
	page_duration(group->age_most, most);
	char *text = strcmp(least, most) == 0 ? page_format("%s", least)
					      : page_format("%s to %s", least, most);
	group->ages = obstack_copy0(&snapshot->memory, text, strlen(text));
	free(text);
}
