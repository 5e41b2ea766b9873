// SPDX-License-Identifier: MIT
/* See heading.h. The sentence in the snapshot's text is not used: it has no lines, and counts
 * descriptors that a filter may have removed. */
#include "heading.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"
#include "tools/model/stack_lines.h"
#include "tools/symbolize/demangle.h"
#include "culprit.h"

/* Long template arguments don't fit into a sentence. */
enum { NAME_COLUMNS = 60, HEADING_INDENT = 4 };
/* More than so many of a kind are not one event loop's. */
enum { LOOP_MOST = 8 };
enum { GENERATIONS_SHOWN = 8 };

const struct model_frame *heading_frame(const struct model_group *group,
					const struct model_stack *stack, size_t *location)
{
	if (!group->culprit || stack != group_stack(group))
		return culprit_frame(stack, location);
	*location = group->culprit_location;
	return group->culprit;
}

/* Empties the outermost brackets: "f(int)" becomes "f()". */
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

/* Removes as few leading folders of a Go package's path as needed. The file's path has them,
 * too. */
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

/* Writes a short form of the name; the stack below has the whole one. */
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

/* "fetch_status at demo.c:214", or "server+0x12a9". */
static void put_line(FILE *out, const struct page *page, const struct model_frame *frame,
		     size_t location)
{
	char demangled[DEMANGLE_TEXT_MAX], name[LINE_NAME_SIZE];
	const char *function = frame_function(frame, location);
	const struct model_location *at =
		location < frame->location_count ? &frame->locations[location] : NULL;

	put_short(out, page,
		  function ? demangle(function, demangled) : frame_name(frame, location, name));
	if (at && at->file) {
		char *path = page_path(page, at->file);

		fprintf(out, at->line ? " at %s:%d" : " in %s", path, at->line);
		free(path);
	}
}

char *heading_line(const struct page *page, const struct model_group *group)
{
	const struct model_stack *stack = model_stack(group, MODEL_OPENED_AT);
	char demangled[DEMANGLE_TEXT_MAX], name[LINE_NAME_SIZE], *text = NULL;
	size_t location, size;
	const struct model_frame *frame = stack ? heading_frame(group, stack, &location) : NULL;
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

char *heading_frame_line(const struct page *page, const struct model_frame *frame, size_t location)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return strdup("");
	put_line(out, page, frame, location);
	fclose(out);
	return text;
}

/* "in fetch_status at demo.c:214". */
static void put_place(FILE *out, const struct page *page, const struct model_group *group,
		      const struct model_stack *stack, const char *place)
{
	char demangled[DEMANGLE_TEXT_MAX];
	size_t location;
	const struct model_frame *frame = heading_frame(group, stack, &location);

	if (!frame) {
		fputs(place ? "in " : "at an unknown place", out);
		if (place)
			put_short(out, page, demangle(place, demangled));
		return;
	}
	fputs(frame_function(frame, location) ? "in " : "at ", out);
	put_line(out, page, frame, location);
	if (group->same_place && frame->module) {
		fputs(" at ", out);
		put_safe(out, base_name(frame->module));
		fprintf(out, "+0x%" PRIx64, frame->offset);
	}
}

static void put_main(FILE *out, const struct page *page, const struct model_group *group,
		     const struct model_stack *stack)
{
	size_t location, culprit_location;
	const struct model_frame *culprit = heading_frame(group, stack, &culprit_location);
	const struct model_frame *frame = culprit_main(stack, culprit, culprit_location, &location);

	if (!frame)
		return;
	fputs(", for ", out);
	put_line(out, page, frame, location);
}

static void put_caller(FILE *out, const struct page *page, const struct model_group *group)
{
	if (!group->caller)
		return;
	fputs(", called by ", out);
	put_line(out, page, group->caller, group->caller_location);
	if (group->path_count > 1)
		fprintf(out, " and by %zu other %s", group->path_count - 1,
			page_plural((int64_t)group->path_count - 1, "path", "paths"));
}

static void put_kind(FILE *out, int64_t count, enum kind kind)
{
	fprintf(out, "%" PRId64 " %s", count, kind_noun(kind, count == 1 ? 1 : 2));
}

/* Counts the parts of a finding by kind. Returns false if a kind is not known. */
static bool count_kinds(const struct model_group *group, int64_t counts[KIND_COUNT])
{
	for (size_t i = 0; i < group->part_count; i++) {
		const struct model_group *part = group->parts[i];

		if (part->kind >= KIND_COUNT)
			return false;
		counts[part->kind] = model_add(counts[part->kind], part->count);
	}
	return true;
}

/* Whether an event loop may have such a descriptor beside its epoll instance, to be woken up. */
static bool wakes_loop(int kind)
{
	return kind == KIND_EVENTFD || kind == KIND_TIMERFD || kind == KIND_SIGNALFD ||
	       kind == KIND_PIPE || kind == KIND_UNIX || kind == KIND_INOTIFY ||
	       kind == KIND_IO_URING;
}

/* The number of event loops that a finding is; 0: it is something else, or some have other
 * descriptors than the others. */
static int64_t count_loops(const int64_t counts[KIND_COUNT])
{
	int64_t loops = counts[KIND_EPOLL];
	bool wakes = false;

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (kind == KIND_EPOLL || !counts[kind])
			continue;
		if (!loops || !wakes_loop(kind) || counts[kind] % loops ||
		    counts[kind] / loops > LOOP_MOST)
			return 0;
		wakes = true;
	}
	return wakes ? loops : 0;
}

/* "12 event loops (epoll + 2 unix sockets)". */
static void put_loops(FILE *out, const int64_t counts[KIND_COUNT], int64_t loops)
{
	fprintf(out, "%" PRId64 " %s (epoll", loops,
		page_plural(loops, "event loop", "event loops"));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int64_t each = counts[kind] / loops;

		if (kind == KIND_EPOLL || !each)
			continue;
		fputs(" + ", out);
		if (each > 1)
			fprintf(out, "%" PRId64 " ", each);
		fputs(kind_noun((enum kind)kind, each == 1 ? 1 : 2), out);
	}
	fputc(')', out);
}

/* "8 tcp sockets in LISTEN", "8 tcp sockets (6 in CLOSE_WAIT, 2 in ESTABLISHED)", "12 descriptors
 * (6 files, 6 tcp sockets, 2 in CLOSE_WAIT)", "12 event loops (epoll + 2 unix sockets)". */
static void put_count(FILE *out, const struct model_group *group)
{
	int64_t counts[KIND_COUNT] = {0};
	const char *between = " (";
	bool known = group->kind == KIND_COUNT && count_kinds(group, counts);
	int64_t loops = known ? count_loops(counts) : 0;

	if (loops) {
		put_loops(out, counts, loops);
		return;
	}
	if (group->kind != KIND_COUNT)
		put_kind(out, group->count, group->kind);
	else
		fprintf(out, "%" PRId64 " %s", group->count,
			group->count == 1 ? "descriptor" : "descriptors");
	if (group->state_count == 1 && group->states[0].count == group->count) {
		fputs(" in ", out);
		put_safe(out, group->states[0].name);
		return;
	}
	if (known)
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			if (!counts[kind])
				continue;
			fputs(between, out);
			put_kind(out, counts[kind], (enum kind)kind);
			between = ", ";
		}
	for (size_t i = 0; i < group->state_count; i++) {
		fprintf(out, "%s%" PRId64 " in ", between, group->states[i].count);
		put_safe(out, group->states[i].name);
		between = ", ";
	}
	if (*between == ',')
		fputc(')', out);
}

static const char *how(const struct model_group *group)
{
	if (group->accepted)
		return group->accepted;
	return group->how ? group->how : "opened";
}

/* The smallest generation of the parts that is more than this one; 0: there is none. */
static int64_t next_generation(const struct model_group *group, int64_t after)
{
	int64_t next = 0;

	for (size_t i = 0; i < group->part_count; i++) {
		int64_t generation = group->parts[i]->generation;

		if (generation > after && (!next || generation < next))
			next = generation;
	}
	return next;
}

/* " from generations 1, 2, 3 (this is 4)". */
static void put_generations(FILE *out, const struct model_group *group)
{
	int64_t generation = next_generation(group, 0);
	const char *between = "";

	if (!generation)
		return;
	fputs(next_generation(group, generation) ? " from generations " : " from generation ", out);
	for (int count = 0; generation; count++) {
		if (count == GENERATIONS_SHOWN) {
			fputs(", ...", out);
			break;
		}
		fprintf(out, "%s%" PRId64, between, generation);
		between = ", ";
		generation = next_generation(group, generation);
	}
	fprintf(out, " (this is %" PRId64 ")", group->last_generation);
}

static void put_origin(FILE *out, const struct page *page, const struct model_group *group)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	const struct model_stack *used = model_stack(group, MODEL_LAST_USED_AT);

	switch (group->origin) {
	case MODEL_UNSEEN:
		fputs(", opened by an untraced call", out);
		return;
	case MODEL_UNTRACED:
		fputs(", opener unknown", out);
		return;
	case MODEL_INHERITED:
		fputs(group->before_attach ? ", open before fdtrail came" : ", inherited", out);
		if (!used)
			return;
		break;
	case MODEL_INHERITED_FORK:
		fputs(group->by_exec ? ", inherited through exec" : ", inherited through fork",
		      out);
		put_generations(out, group);
		break;
	case MODEL_OPENED:
		break;
	}
	if (used && !used->share) {
		/* The code that opened a connection may be innocent, because connections are
		 * reused. */
		fputs(", last used ", out);
		put_place(out, page, group, used, NULL);
		put_main(out, page, group, used);
		return;
	}
	fprintf(out, ", %s ", how(group));
	if (opened && opened->runtime)
		fprintf(out, "by %s itself ", opened->runtime);
	put_place(out, page, group, opened, group->place);
}

static char *heading_parts(const struct page *page, const struct model_group *group, bool count,
			   bool place)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return strdup("");
	if (count)
		put_count(out, group);
	if (place) {
		put_origin(out, page, group);
		put_caller(out, page, group);
	}
	fclose(out);
	return text;
}

char *heading_of(const struct page *page, const struct model_group *group)
{
	return heading_parts(page, group, true, true);
}

char *heading_count(const struct page *page, const struct model_group *group)
{
	return heading_parts(page, group, true, false);
}

char *heading_place(const struct page *page, const struct model_group *group)
{
	return heading_parts(page, group, false, true);
}
