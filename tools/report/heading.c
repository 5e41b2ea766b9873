// SPDX-License-Identifier: MIT
/* See heading.h. The snapshot's own sentence can't do: it was written without lines, and counts
 * what a filter may have left out. */
#include "heading.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../export/stack_lines.h"
#include "../symbolize/demangle.h"
#include "../symbolize/own.h"
#include "../symbolize/symbolize.h"

/* A sentence has no room for what a template was made of. */
enum { NAME_COLUMNS = 60, HEADING_INDENT = 4 };

/* Before symbolize/ has looked at it: by the names that the text has. */
static const struct model_frame *likely_frame(const struct model_stack *stack)
{
	char text[DEMANGLE_TEXT_MAX];

	for (size_t i = 0; i < stack->frame_count; i++)
		if (stack->frames[i].location_count)
			return NULL;
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];

		if (frame->function && own_module(frame->module) &&
		    own_function(demangle(frame->function, text), NULL))
			return frame;
	}
	return NULL;
}

const struct model_frame *heading_frame(const struct model_stack *stack, size_t *location)
{
	const struct model_frame *frame = NULL;

	*location = 0;
	/* Go dials in a goroutine of its own: who asked for that is in what created it. */
	for (const struct model_stack *at = stack; at && !frame; at = at->created_by)
		frame = symbolize_own_frame(at);
	if (frame) {
		const struct model_location *own = symbolize_own_location(frame);

		*location = own ? (size_t)(own - frame->locations) : 0;
		return frame;
	}
	for (const struct model_stack *at = stack; at && !frame; at = at->created_by)
		frame = likely_frame(at);
	return frame || !stack || !stack->frame_count ? frame : &stack->frames[0];
}

/* Leaves out what is in the outermost brackets of that kind: "f(int)" becomes "f()". */
static void empty_brackets(char *name, char open, char close)
{
	char *to = name;
	int depth = 0;

	for (const char *from = name; *from; from++) {
		/* operator->, operator<<, and Go's "(*T).method" stay as they are. */
		bool closes = *from == close && depth > 0 && !(from > name && from[-1] == '-');

		if (closes)
			depth--;
		if (depth == 0)
			*to++ = *from;
		if (*from == open && from > name)
			depth++;
	}
	if (depth == 0)
		*to = '\0';
}

/* Leaves out the first folders of a Go package's path, as few as needed: the file says them, too.
 */
static void shorten_package(char *name)
{
	char *rest = name, *end = name + strcspn(name, "([ :"), *slash;

	while (page_columns(rest) > NAME_COLUMNS && (slash = memchr(rest, '/', end - rest)))
		rest = slash + 1;
	memmove(name, rest, strlen(rest) + 1);
}

static char *short_name(const char *function)
{
	char *name = strdup(function);

	if (name && !strstr(name, "operator"))
		shorten_package(name);
	if (name && page_columns(name) > NAME_COLUMNS && !strstr(name, ".("))
		empty_brackets(name, '(', ')');
	if (name && page_columns(name) > NAME_COLUMNS && !strstr(name, "operator"))
		empty_brackets(name, '<', '>');
	return name;
}

/* The whole name stands in the stack. */
static void put_short(FILE *out, const struct page *page, const char *function)
{
	char *name = short_name(function), *safe = page_safe(name ? name : function);

	int room = page->width ? page->width - HEADING_INDENT : NAME_COLUMNS;

	page_cut(safe, room < NAME_COLUMNS ? room : NAME_COLUMNS);
	fputs(safe, out);
	free(safe);
	free(name);
}

static void put_safe(FILE *out, const char *text)
{
	char *safe = page_safe(text);

	fputs(safe, out);
	free(safe);
}

/* "in fetch_status at demo.c:214". */
static void put_place(FILE *out, const struct page *page, const struct model_stack *stack,
		      const char *place)
{
	char demangled[DEMANGLE_TEXT_MAX], name[LINE_NAME_SIZE];
	const struct model_location *at = NULL;
	size_t location;
	const struct model_frame *frame = heading_frame(stack, &location);

	if (!frame) {
		fputs(place ? "in " : "at an unknown place", out);
		if (place)
			put_short(out, page, demangle(place, demangled));
		return;
	}
	const char *function = frame_function(frame, location);
	if (location < frame->location_count)
		at = &frame->locations[location];
	fputs(function ? "in " : "at ", out);
	put_short(out, page,
		  function ? demangle(function, demangled) : frame_name(frame, location, name));
	if (at && at->file) {
		char *path = page_path(page, at->file);

		fprintf(out, at->line ? " at %s:%d" : " in %s", path, at->line);
		free(path);
	}
}

/* A dependency's function that leaves a response to its caller is innocent: whose is it? The
 * package main is always the program's own; dependencies are told from it by nothing that is sure.
 * NULL: the heading's own frame is the one. */
char *heading_line(const struct page *page, const struct model_group *group)
{
	const struct model_stack *stack = model_stack(group, MODEL_OPENED_AT);
	char demangled[DEMANGLE_TEXT_MAX], name[LINE_NAME_SIZE], *text = NULL;
	size_t location, size;
	const struct model_frame *frame = stack ? heading_frame(stack, &location) : NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (frame && location < frame->location_count && frame->locations[location].file &&
	    frame->locations[location].line) {
		char *path = page_path(page, frame->locations[location].file);

		fprintf(out, "%s:%d", path, frame->locations[location].line);
		free(path);
	} else if (frame) {
		const char *function = frame_function(frame, location);

		put_short(out, page,
			  function ? demangle(function, demangled)
				   : frame_name(frame, location, name));
	} else if (group->place) {
		put_short(out, page, demangle(group->place, demangled));
	} else {
		fputs("an unknown place", out);
	}
	fclose(out);
	return text;
}

static const struct model_frame *main_frame(const struct model_stack *stack, size_t *where)
{
	size_t chosen;
	const struct model_frame *frame = heading_frame(stack, &chosen);
	const char *function = frame ? frame_function(frame, chosen) : NULL;
	bool behind = false;

	if (!function || strncmp(function, "main.", 5) == 0)
		return NULL;
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *at = &stack->frames[i];
		size_t count = at->location_count ? at->location_count : 1;

		for (size_t location = 0; location < count; location++) {
			const char *name = frame_function(at, location);

			if (behind && name && strncmp(name, "main.", 5) == 0) {
				*where = location;
				return at;
			}
			behind = behind || (at == frame && location == chosen);
		}
	}
	return NULL;
}

static void put_main(FILE *out, const struct page *page, const struct model_stack *stack)
{
	size_t location;
	const struct model_frame *frame = main_frame(stack, &location);
	const struct model_location *line;

	if (!frame)
		return;
	fputs(", for ", out);
	put_short(out, page, frame_function(frame, location));
	line = location < frame->location_count ? &frame->locations[location] : NULL;
	if (line && line->file) {
		char *path = page_path(page, line->file);

		fprintf(out, " at %s:%d", path, line->line);
		free(path);
	}
}

static bool same_code(const struct model_frame *a, const struct model_frame *b)
{
	if (!a || !b)
		return a == b;
	return a->offset == b->offset && a->module && b->module &&
	       strcmp(a->module, b->module) == 0;
}

bool heading_same_user(const struct model_group *a, const struct model_group *b)
{
	const struct model_stack *one = model_stack(a, MODEL_LAST_USED_AT),
				 *other = model_stack(b, MODEL_LAST_USED_AT);
	const struct model_frame *frame;
	size_t location;

	if (!one || !other || one->share || other->share)
		return false;
	frame = heading_frame(one, &location);
	return frame && same_code(frame, heading_frame(other, &location)) &&
	       same_code(main_frame(one, &location), main_frame(other, &location));
}

static void put_states(FILE *out, const struct model_group *group)
{
	if (group->state_count == 1 && group->states[0].count == group->count) {
		fputs(" in ", out);
		put_safe(out, group->states[0].name);
		return;
	}
	for (size_t i = 0; i < group->state_count; i++) {
		fprintf(out, "%s%" PRId64 " in ", i ? ", " : " (", group->states[i].count);
		put_safe(out, group->states[i].name);
	}
	if (group->state_count)
		fputc(')', out);
}

static const char *how(const struct model_group *group)
{
	return group->how ? group->how : "opened";
}

static void put_origin(FILE *out, const struct page *page, const struct model_group *group)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const struct model_stack *used = model_stack(group, MODEL_LAST_USED_AT);

	switch (group->origin) {
	case MODEL_UNSEEN:
		fputs(", opened behind fdtrail's back", out);
		return;
	case MODEL_UNTRACED:
		fputs(", of unknown origin", out);
		return;
	case MODEL_INHERITED:
		fputs(", inherited", out);
		return;
	case MODEL_INHERITED_FORK:
		fputs(", inherited through fork", out);
		break;
	case MODEL_OPENED:
		break;
	}
	if (used && !used->share) {
		/* The one who opened it may be innocent: connections are used again. */
		fputs(", last used ", out);
		put_place(out, page, used, NULL);
		put_main(out, page, used);
		return;
	}
	fprintf(out, ", %s ", how(group));
	put_place(out, page, opened, group->place);
}

char *heading_of(const struct page *page, const struct model_group *group)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return strdup("");
	if (group->kind == KIND_COUNT)
		fprintf(out, "%" PRId64 " %s", group->count,
			group->count == 1 ? "descriptor" : "descriptors");
	else
		fprintf(out, "%" PRId64 " %s", group->count,
			kind_noun(group->kind, group->count == 1 ? 1 : 2));
	put_states(out, group);
	put_origin(out, page, group);
	fclose(out);
	return text;
}
