// SPDX-License-Identifier: MIT
/* See text_stack.h. */
#include "text_stack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "tools/model/stack_lines.h"
#include "tools/symbolize/demangle.h"
#include "tools/symbolize/user_code.h"
#include "heading.h"

enum {
	INDENT = 3,            /* of headings */
	MARK_COLUMNS = 6,      /* "   => " */
	NAME_COLUMNS_MAX = 36, /* names are padded to the longest, up to this */
};

/* A line of a stack before it is written. */
struct line {
	const struct model_frame *frame;
	size_t location;
	char *name;  /* safe */
	char *place; /* safe: file and line, or the module; or NULL */
	bool inlined;
	bool first;    /* it is the first line of its frame */
	size_t folded; /* the number of library frames that this line stands for; 0: one frame */
};

static char *format_place(const struct page *page, const struct model_frame *frame, size_t location,
			  bool has_function)
{
	const struct model_location *at =
		location < frame->location_count ? &frame->locations[location] : NULL;
	char *place = NULL, *path;

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
	/* A frame without a name is already shown as module+offset. */
	if (!frame->module || !has_function)
		return NULL;
	path = page_safe(base_name(frame->module));
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

/* Whether this location of the program's own frame is library code, such as an inlined template. */
static bool is_library(const struct model_frame *frame, size_t location)
{
	return frame->own && !frame->language && frame->location_count &&
	       !own_function(frame->locations[location].function, frame->locations[location].file);
}

static void put_line(const struct page *page, struct line *line, int digits, int padding,
		     bool marked)
{
	bool own = line->frame->own && !is_library(line->frame, line->location);
	enum page_style style = marked ? PAGE_STRONG : own ? PAGE_PLAIN : PAGE_FAINT;
	const char *inlined = line->inlined ? " (inlined)" : "";
	const char *mark = marked ? "   => " : "      ";
	int before = MARK_COLUMNS + digits + 2, after = (int)strlen(inlined);
	char number[24] = "";

	/* Inlined functions stand above their frame, and share its number. */
	if (line->first)
		snprintf(number, sizeof(number), "#%" PRId64, line->frame->index);
	if (page->width)
		page_cut(line->name, page->width - before - after);

	int name = page_columns(line->name), place = line->place ? page_columns(line->place) : 0;
	int fill_up = name < padding ? padding - name : 0;
	int room = page->width - before - name - 2 - place - after;

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

/* How a stack is shown, and those of its ancestor goroutines. */
struct stack_style {
	const struct model_frame *marked; /* the culprit, which gets the mark; or NULL */
	size_t marked_location;
	enum text_frames frames;
};

/* Whether every program of its language runs through this code: the standard library of Go, C++ or
 * Rust, the runtime of scripts, the start of a thread. A library such as libcurl is not: the
 * function that was called there is worth knowing. */
static bool is_runtime(const struct model_frame *frame)
{
	const struct model_location *at =
		frame->location_count ? &frame->locations[frame->location_count - 1] : NULL;
	const char *function = at && at->function ? at->function : frame->function;

	return !frame->own && (own_module(frame->module) ||
			       (function && !own_function(function, at ? at->file : NULL)));
}

/* How many frames from here on are folded into one line: none, or at least two. The function that
 * the program's own code has called is not folded, because it tells which call that was. */
static size_t folded_from(const struct model_stack *stack, size_t first)
{
	size_t end = first, kept = 0, last = first;

	/* Those of an interpreter are not shown at all: the language's frames stand for them. */
	for (; end < stack->frame_count && is_runtime(&stack->frames[end]); end++)
		if (!stack->frames[end].interpreter) {
			kept++;
			last = end;
		}
	if (end < stack->frame_count && kept) {
		end = last;
		kept--;
	}
	return kept > 1 ? end - first : 0;
}

static void put_frames(const struct page *page, const struct model_stack *stack,
		       const struct stack_style *style)
{
	size_t room = 0, count = 0, hidden = 0;
	int64_t last = 0;
	int padding = 0, digits = 1;

	for (size_t i = 0; i < stack->frame_count; i++)
		room += stack->frames[i].location_count ? stack->frames[i].location_count : 1;
	struct line *lines = calloc(room ? room : 1, sizeof(*lines));
	if (!lines) {
		page_linef(page, MARK_COLUMNS, 0, PAGE_WARNING, "(no memory for its %zu frames)",
			   stack->frame_count);
		return;
	}
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];
		size_t locations = frame->location_count ? frame->location_count : 1;

		if (style->frames == TEXT_FRAMES_OWN && !frame->own) {
			hidden++;
			continue;
		}
		if (style->frames == TEXT_FRAMES_FOLDED && frame->interpreter)
			continue;
		size_t folded = style->frames == TEXT_FRAMES_FOLDED ? folded_from(stack, i) : 0;
		if (folded) {
			lines[count++] = (struct line){.folded = folded};
			i += folded - 1;
			continue;
		}
		if (frame->index > last)
			last = frame->index;
		bool first = true;
		for (size_t location = 0; location < locations; location++) {
			if (style->frames == TEXT_FRAMES_OWN && is_library(frame, location))
				continue;
			fill(page, &lines[count], frame, location);
			lines[count++].first = first;
			first = false;
		}
	}
	for (size_t i = 0; i < count; i++) {
		int columns = lines[i].name ? page_columns(lines[i].name) : 0;

		if (columns > padding && columns <= NAME_COLUMNS_MAX)
			padding = columns;
	}
	for (; last > 9; last /= 10)
		digits++;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].folded) {
			page_linef(page, MARK_COLUMNS, 0, PAGE_FAINT,
				   "(%zu frames of libraries: --full)", lines[i].folded);
			continue;
		}
		put_line(page, &lines[i], digits, padding,
			 style->marked && lines[i].frame == style->marked &&
				 lines[i].location == style->marked_location);
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

static bool all_interpreter(const struct model_stack *stack)
{
	for (size_t i = 0; i < stack->frame_count; i++)
		if (!stack->frames[i].interpreter)
			return false;
	return true;
}

/* Writes a stack's heading and frames. A stack that is folded completely is one line. */
static void put_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		      const struct stack_style *style)
{
	if (style->frames == TEXT_FRAMES_FOLDED && stack->frame_count > 1 && !stack->lost &&
	    !stack->incomplete &&
	    (folded_from(stack, 0) == stack->frame_count || all_interpreter(stack))) {
		page_linef(page, INDENT, 2, PAGE_PLAIN, "%s: (%zu frames of libraries: --full)",
			   heading, stack->frame_count);
		return;
	}
	page_linef(page, INDENT, 2, PAGE_PLAIN, "%s:", heading);
	put_frames(page, stack, style);
}

enum text_frames text_frames_of(const struct report_options *options)
{
	return options->collapse_runtime ? TEXT_FRAMES_OWN
	       : options->full           ? TEXT_FRAMES_ALL
					 : TEXT_FRAMES_FOLDED;
}

void text_stack(const struct page *page, const char *heading, const struct model_stack *stack,
		const struct model_group *marked, enum text_frames frames)
{
	struct stack_style style = {.frames = TEXT_FRAMES_ALL};

	if (marked)
		style.marked = heading_frame(marked, stack, &style.marked_location);
	if (style.marked && !style.marked->own)
		style.marked = NULL;
	for (const struct model_stack *at = stack; at; at = at->created_by)
		/* The frames are hidden or folded only if one of the program's own is left. */
		if (stack_has_user_code(at))
			style.frames = frames;
	if (stack->share) {
		char *share = page_safe(stack->share);
		char *whole = page_format("%s (%s)", heading, share);

		put_stack(page, whole, stack, &style);
		free(whole);
		free(share);
	} else {
		put_stack(page, heading, stack, &style);
	}
	for (stack = stack->created_by; stack; stack = stack->created_by)
		put_stack(page, stack->asked ? "asked for by" : "created by", stack, &style);
}
