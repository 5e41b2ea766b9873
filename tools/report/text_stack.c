// SPDX-License-Identifier: MIT
/* See text_stack.h. */
#include "text_stack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../export/stack_lines.h"
#include "../symbolize/demangle.h"
#include "../symbolize/own.h"
#include "heading.h"

enum {
	INDENT = 3,            /* of headings */
	MARK_COLUMNS = 6,      /* "   => " */
	NAME_COLUMNS_MAX = 36, /* names are padded to the longest, up to this */
};

/* A line in the making. */
struct line {
	const struct model_frame *frame;
	size_t location;
	char *name;  /* safe */
	char *place; /* safe: file and line, or the module; or NULL */
	bool inlined;
	bool first; /* of its frame */
};

static char *format_place(const struct page *page, const struct model_frame *frame, size_t location,
			  bool has_function)
{
	const struct model_location *at =
		location < frame->location_count ? &frame->locations[location] : NULL;
	char *place = NULL, *path;
	const char *slash;

	if (at && at->file) {
		path = page_path(page, at->file);
		if (at->line && at->column)
			place = page_format("%s:%d:%d", path, at->line, at->column);
		else if (at->line)
			place = page_format("%s:%d", path, at->line);
		else
			place = page_format("%s", path);
		free(path);
		return place;
	}
	/* A frame without a name is called by its module and offset already. */
	if (!frame->module || !has_function)
		return NULL;
	slash = strrchr(frame->module, '/');
	path = page_safe(slash ? slash + 1 : frame->module);
	place = page_format("(%s+0x%" PRIx64 ")", path, frame->offset);
	free(path);
	return place;
}

static void fill(const struct page *page, struct line *line, const struct model_frame *frame,
		 size_t location)
{
	char demangled[DEMANGLE_TEXT_MAX], name[LINE_NAME_SIZE];
	const char *function = frame_function(frame, location);

	*line = (struct line){.frame = frame, .location = location};
	if (function)
		function = demangle(function, demangled);
	line->name = page_safe(function ? function : frame_name(frame, location, name));
	line->place = format_place(page, frame, location, function != NULL);
	line->inlined = location < frame->location_count && frame->locations[location].inlined;
}

/* Whether this is code of a library that was inlined into, or lies around, the program's own. */
static bool is_library(const struct model_frame *frame, size_t location)
{
	return frame->own && frame->location_count &&
	       !own_function(frame->locations[location].function, frame->locations[location].file);
}

static void put_line(const struct page *page, struct line *line, int digits, int padding,
		     bool marked)
{
	bool own = line->frame->own && !is_library(line->frame, line->location);
	enum page_style style = marked ? PAGE_STRONG : own ? PAGE_PLAIN : PAGE_FAINT;
	const char *inlined = line->inlined ? " (inlined)" : "";
	const char *mark = marked ? "   => " : "      ";
	int before = MARK_COLUMNS + digits + 2, behind = (int)strlen(inlined);
	char number[24] = "";

	/* What was inlined stands above the frame that it is in, and shares its number. */
	if (line->first)
		snprintf(number, sizeof(number), "#%" PRId64, line->frame->index);
	if (page->width)
		page_cut(line->name, page->width - before - behind);

	int name = page_columns(line->name), place = line->place ? page_columns(line->place) : 0;
	int fill_up = name < padding ? padding - name : 0;
	int room = page->width - before - name - 2 - place - behind;

	if (page->width && room < fill_up)
		fill_up = room > 0 ? room : 0;
	if (!line->place || (page->width && room < 0)) {
		page_linef(page, 0, 0, style, "%s%-*s %s%s", mark, digits + 1, number, line->name,
			   inlined);
		if (line->place)
			page_linef(page, before + 2, 0, style, "%s", line->place);
	} else {
		page_linef(page, 0, 0, style, "%s%-*s %s%*s  %s%s", mark, digits + 1, number,
			   line->name, fill_up, "", line->place, inlined);
	}
}

/* How a stack is put, and those that created its goroutine. */
struct manner {
	const struct model_frame *marked; /* where to look first; or NULL */
	size_t marked_location;
	bool collapse; /* something of it is left then */
};

static void put_frames(const struct page *page, const struct model_stack *stack,
		       const struct manner *manner)
{
	size_t room = 0, count = 0, hidden = 0;
	int64_t last = 0;
	int padding = 0, digits = 1;

	for (size_t i = 0; i < stack->frame_count; i++)
		room += stack->frames[i].location_count ? stack->frames[i].location_count : 1;
	struct line *lines = calloc(room ? room : 1, sizeof(*lines));
	for (size_t i = 0; lines && i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];
		size_t locations = frame->location_count ? frame->location_count : 1;

		if (manner->collapse && !frame->own) {
			hidden++;
			continue;
		}
		if (frame->index > last)
			last = frame->index;
		bool first = true;
		for (size_t location = 0; location < locations; location++) {
			if (manner->collapse && is_library(frame, location))
				continue;
			fill(page, &lines[count], frame, location);
			lines[count++].first = first;
			first = false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		int columns = page_columns(lines[i].name);

		if (columns > padding && columns <= NAME_COLUMNS_MAX)
			padding = columns;
	}
	for (; last > 9; last /= 10)
		digits++;
	for (size_t i = 0; i < count; i++) {
		put_line(page, &lines[i], digits, padding,
			 manner->marked && lines[i].frame == manner->marked &&
				 lines[i].location == manner->marked_location);
		free(lines[i].name);
		free(lines[i].place);
	}
	free(lines);
	if (hidden)
		page_linef(page, MARK_COLUMNS, 0, PAGE_FAINT, "(%zu %s not shown)", hidden,
			   hidden == 1 ? "frame of libraries is" : "frames of libraries are");
	if (stack->lost)
		page_linef(page, MARK_COLUMNS, 0, PAGE_WARNING, "(%zu %s missing in the file)",
			   stack->lost, stack->lost == 1 ? "frame is" : "frames are");
	if (stack->incomplete) {
		char *why = page_safe(stack->incomplete);

		page_linef(page, MARK_COLUMNS, 0, PAGE_WARNING, "(%s)", why);
		free(why);
	}
}

void text_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		bool mark, bool collapse)
{
	const struct export_options hiding = {.collapse_runtime = collapse};
	struct manner manner = {0};

	if (mark)
		manner.marked = heading_frame(stack, &manner.marked_location);
	if (manner.marked && !manner.marked->own)
		manner.marked = NULL;
	for (const struct model_stack *at = stack; at; at = at->created_by)
		manner.collapse = manner.collapse || stack_collapses(at, &hiding);
	if (stack->share) {
		char *share = page_safe(stack->share);

		page_linef(page, INDENT, 2, PAGE_PLAIN, "%s (%s):", heading, share);
		free(share);
	} else {
		page_linef(page, INDENT, 2, PAGE_PLAIN, "%s:", heading);
	}
	put_frames(page, stack, &manner);
	for (stack = stack->created_by; stack; stack = stack->created_by) {
		page_line(page, INDENT, 2, PAGE_PLAIN, "created by:");
		put_frames(page, stack, &manner);
	}
}
