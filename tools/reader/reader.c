// SPDX-License-Identifier: MIT
/*
 * See reader.h. Which line may come where, and what is made of it. Lines are known by their form,
 * and not by the paragraph that they stand in: a program that logs while a snapshot is written puts
 * its own lines, empty ones too, between those of the snapshot. What has no known form is counted
 * and skipped.
 */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "lines.h"
#include "memory.h"
#include "parse.h"

static const char first_words[] = "fdtrail snapshot ", last_words[] = "end of fdtrail snapshot ";

enum section { HEADER, GROUP, NOT_LISTED, NOT_SEEN, MODULES };

struct reader {
	struct lines lines;
	const char *name;
	const char *verb; /* of reader_open; or NULL */
	size_t count;     /* of snapshots */
	struct parse parse;
	struct strings strings;
	struct model_snapshot *snapshot; /* the one being read, or NULL */
	enum section section;
	bool waiting; /* the line in lines is still to be looked at */
	/* A line that may be output without a newline and then the first line of a snapshot: the
	 * next line tells. Not NULL: there is one. */
	char *held;
	size_t held_length, held_number;
	/* Of the snapshot. */
	struct list fields, groups, modules, not_listed, not_seen, notes;
	/* Of the last group. */
	struct list group_notes, reasons, stacks, frames, descriptors;
	struct model_stack *stack;      /* the one whose frames come, or NULL */
	struct model_stack *last_stack; /* the one that was last begun, or NULL; an ancestor, too */
	bool listing;                   /* its descriptors come */
};

struct reader *reader_create(FILE *file, const char *name)
{
	struct reader *reader = memory_array(NULL, 1, sizeof(*reader));

	*reader = (struct reader){.lines = {.file = file}, .name = name};
	reader->parse.strings = &reader->strings;
	return reader;
}

struct reader *reader_open(const char *path, const char *verb)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : fopen(path, "re");
	struct reader *reader;

	if (!file) {
		fprintf(stderr, "fdtrail %s: can't open ", verb);
		escape_put_word(stderr, path);
		fprintf(stderr, ": %s\n", strerror(errno));
		return NULL;
	}
	reader = reader_create(file, is_input ? "standard input" : path);
	reader->verb = verb;
	return reader;
}

bool reader_close(struct reader *reader)
{
	int error = reader->lines.error;
	bool good = !error && reader->count;

	if (!good) {
		fprintf(stderr, error ? "fdtrail %s: can't read " : "fdtrail %s: ", reader->verb);
		escape_put_word(stderr, reader->name);
		if (error)
			fprintf(stderr, ": %s\n", strerror(error));
		else if (!reader->lines.number)
			fputs(" is empty\n", stderr);
		else
			fputs(": no snapshot is in it; a snapshot begins with the line "
			      "'fdtrail snapshot 1'\n",
			      stderr);
	}
	if (reader->lines.file != stdin)
		fclose(reader->lines.file);
	reader_destroy(reader);
	return good;
}

static void discard(struct reader *reader)
{
	struct list *lists[] = {
		&reader->fields,   &reader->groups,      &reader->modules, &reader->not_listed,
		&reader->not_seen, &reader->notes,       &reader->reasons, &reader->group_notes,
		&reader->stacks,   &reader->descriptors, &reader->frames,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		list_finish(lists[i]);
}

void reader_destroy(struct reader *reader)
{
	if (!reader)
		return;
	discard(reader);
	model_destroy(reader->snapshot);
	strings_finish(&reader->strings);
	lines_finish(&reader->lines);
	free(reader->held);
	free(reader);
}

static void begin(struct reader *reader, int64_t version, size_t line)
{
	reader->snapshot = model_create();
	reader->snapshot->source = reader->name;
	reader->snapshot->line = line;
	reader->snapshot->version = version;
	reader->parse.memory = &reader->snapshot->memory;
	reader->section = HEADER;
	strings_forget(&reader->strings);
}

static struct model_group *last_group(struct reader *reader)
{
	return (struct model_group *)reader->groups.items + reader->groups.count - 1;
}

static void finish_stack(struct reader *reader)
{
	if (!reader->stack)
		return;
	reader->stack->frames = list_move(&reader->frames, sizeof(struct model_frame),
					  &reader->stack->frame_count, reader->parse.memory);
	reader->stack = NULL;
}

static const char *joined(const char *const *lines, size_t count, struct obstack *memory)
{
	if (!count)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (i)
			obstack_1grow(memory, ' ');
		obstack_grow(memory, lines[i], strlen(lines[i]));
	}
	obstack_1grow(memory, '\0');
	return obstack_finish(memory);
}

static void finish_group(struct reader *reader)
{
	struct obstack *memory = reader->parse.memory;
	struct model_group *group;

	if (!reader->groups.count)
		return;
	finish_stack(reader);
	reader->last_stack = NULL;
	group = last_group(reader);
	group->notes = list_move(&reader->group_notes, sizeof(char *), &group->note_count, memory);
	group->reason_lines =
		list_move(&reader->reasons, sizeof(char *), &group->reason_line_count, memory);
	group->reason = joined(group->reason_lines, group->reason_line_count, memory);
	group->stacks =
		list_move(&reader->stacks, sizeof(struct model_stack), &group->stack_count, memory);
	group->descriptors = list_move(&reader->descriptors, sizeof(struct model_descriptor),
				       &group->descriptor_count, memory);
}

/* Modules in the order of their paths, and those of one path in the order of their addresses. Paths
 * are kept once: equal ones are at the same place. */
static int compare_modules(const void *left, const void *right)
{
	const struct model_module *a = *(struct model_module *const *)left;
	const struct model_module *b = *(struct model_module *const *)right;

	if (a->path != b->path)
		return (uintptr_t)a->path < (uintptr_t)b->path ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

/* The module of a frame: of those with its path the last that begins at or before its address. */
static const struct model_module *module_of(struct model_module *const *sorted, size_t count,
					    const struct model_frame *frame)
{
	struct model_module wanted = {.path = frame->module, .start = frame->address};
	const struct model_module *key = &wanted;
	size_t first = 0;

	while (count) {
		size_t half = count / 2;

		if (compare_modules(&sorted[first + half], &key) <= 0) {
			first += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return first && sorted[first - 1]->path == frame->module ? sorted[first - 1] : NULL;
}

static void identify_stack(struct model_stack *stack, struct model_module *const *sorted,
			   size_t count)
{
	for (; stack; stack = stack->created_by)
		for (size_t i = 0; i < stack->frame_count; i++) {
			struct model_frame *frame = &stack->frames[i];
			const struct model_module *module;

			if (!frame->module || frame->build_id)
				continue;
			module = module_of(sorted, count, frame);
			if (module)
				frame->build_id = module->build_id;
		}
}

/* The text has build-ids only with frames without a name, and with the modules. */
static void identify_frames(struct model_snapshot *snapshot)
{
	size_t count = snapshot->module_count;
	struct model_module **sorted = memory_array(NULL, count, sizeof(struct model_module *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &snapshot->modules[i];
	qsort(sorted, count, sizeof(*sorted), compare_modules);
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].stack_count; j++)
			identify_stack(&snapshot->groups[i].stacks[j], sorted, count);
	free(sorted);
}

/* Everything of the snapshot is read. */
static struct model_snapshot *finish(struct reader *reader)
{
	struct model_snapshot *snapshot = reader->snapshot;
	struct obstack *memory = reader->parse.memory;

	reader->count++;
	finish_group(reader);
	reader->listing = false;
	reader->snapshot = NULL;
	snapshot->fields = list_move(&reader->fields, sizeof(struct model_field),
				     &snapshot->field_count, memory);
	snapshot->groups = list_move(&reader->groups, sizeof(struct model_group),
				     &snapshot->group_count, memory);
	snapshot->modules = list_move(&reader->modules, sizeof(struct model_module),
				      &snapshot->module_count, memory);
	snapshot->not_listed =
		list_move(&reader->not_listed, sizeof(char *), &snapshot->not_listed_count, memory);
	snapshot->not_seen =
		list_move(&reader->not_seen, sizeof(char *), &snapshot->not_seen_count, memory);
	snapshot->notes = list_move(&reader->notes, sizeof(char *), &snapshot->note_count, memory);
	discard(reader);
	parse_header(&reader->parse, snapshot);
	identify_frames(snapshot);
	for (size_t i = 0; i < snapshot->group_count; i++)
		if (snapshot->groups[i].origin == MODEL_UNTRACED)
			snapshot->traced = false;
	return snapshot;
}

/* The number behind words that end the line; 0 when it does not end so. */
static int64_t number_at_end(struct scan line, const char *words)
{
	const char *at = line.end;
	int64_t number = 0;

	while (at > line.at && at[-1] >= '0' && at[-1] <= '9')
		at--;
	if (at - line.at < (ptrdiff_t)strlen(words))
		return 0;
	line.at = at - strlen(words);
	if (!scan_words(&line, words) || !scan_number(&line, &number))
		return 0;
	return number;
}

static bool add_field(struct reader *reader, struct scan line)
{
	struct model_field field, *added;

	if (!parse_field(&reader->parse, line, &field))
		return false;
	/* The tracer's own lines are together: a second one of the same name is the program's. */
	for (size_t i = 0; i < reader->fields.count; i++)
		if (((struct model_field *)reader->fields.items)[i].name == field.name)
			return false;
	added = list_add(&reader->fields, sizeof(field));
	*added = field;
	return true;
}

static bool add_group(struct reader *reader, struct scan line)
{
	struct model_group group, *added;

	if (!parse_heading(&reader->parse, line, &group))
		return false;
	if (reader->groups.count && group.number <= last_group(reader)->number)
		reader->snapshot->mixed = true;
	finish_group(reader);
	added = list_add(&reader->groups, sizeof(group));
	*added = group;
	reader->section = GROUP;
	reader->listing = false;
	return true;
}

static void add_line(struct reader *reader, struct list *list, struct scan line)
{
	const char **added = list_add(list, sizeof(*added));

	*added = obstack_copy0(reader->parse.memory, line.at, (size_t)(line.end - line.at));
}

static bool add_stack(struct reader *reader, struct scan line)
{
	struct model_stack stack, *added;
	bool ancestor;

	if (reader->listing || !parse_stack(&reader->parse, line, &stack, &ancestor) ||
	    (ancestor && !reader->last_stack))
		return false;
	finish_stack(reader);
	if (ancestor) {
		stack.role = reader->last_stack->role;
		added = obstack_copy(reader->parse.memory, &stack, sizeof(stack));
		reader->last_stack->created_by = added;
	} else {
		added = list_add(&reader->stacks, sizeof(stack));
		*added = stack;
	}
	reader->stack = reader->last_stack = added;
	return true;
}

static bool add_frame(struct reader *reader, struct scan line)
{
	struct model_frame frame, *added;
	int64_t next = 0;

	if (!reader->stack || reader->stack->incomplete ||
	    !parse_frame(&reader->parse, line, &frame))
		return false;
	if (reader->frames.count)
		next = ((struct model_frame *)reader->frames.items)[reader->frames.count - 1]
			       .index +
		       1;
	if (frame.index < next || frame.index == INT64_MAX)
		return false;
	reader->stack->lost += (size_t)(frame.index - next);
	added = list_add(&reader->frames, sizeof(frame));
	*added = frame;
	return true;
}

/* "    (deeper: cut at 64 frames, the most that are kept)" */
static bool add_incomplete(struct reader *reader, struct scan line)
{
	if (!reader->stack || reader->stack->incomplete || !scan_words(&line, "    (") ||
	    scan_at_end(&line) || line.end[-1] != ')')
		return false;
	reader->stack->incomplete = strings_keep(&reader->strings, reader->parse.memory, line.at,
						 (size_t)(line.end - 1 - line.at));
	return true;
}

static bool add_descriptor(struct reader *reader, struct scan line)
{
	struct model_descriptor descriptor, *added;
	struct model_group *group = last_group(reader);

	if ((int64_t)reader->descriptors.count == group->count - group->more ||
	    !parse_descriptor(&reader->parse, line, &descriptor))
		return false;
	/* They may come although the line that announces them was lost. */
	finish_stack(reader);
	reader->listing = true;
	added = list_add(&reader->descriptors, sizeof(descriptor));
	*added = descriptor;
	return true;
}

static bool add_more(struct reader *reader, struct scan line)
{
	struct model_group *group = last_group(reader);
	int64_t more;

	if (group->more || !parse_more(line, &more) ||
	    more > group->count - (int64_t)reader->descriptors.count)
		return false;
	group->more = more;
	return true;
}

static bool group_line(struct reader *reader, struct scan line)
{
	struct scan at = line;

	if (scan_words(&at, "    "))
		return add_frame(reader, line) || add_descriptor(reader, line) ||
		       add_incomplete(reader, line) || add_more(reader, line);
	if (!scan_words(&at, "  "))
		return false;
	if (scan_words(&at, "descriptors:") && scan_at_end(&at)) {
		finish_stack(reader);
		reader->listing = true;
		return true;
	}
	if (reader->listing)
		return false;
	if (scan_words(&at, "note: "))
		add_line(reader, &reader->group_notes, at);
	else if (scan_words(&at, "reason: "))
		add_line(reader, &reader->reasons, at);
	else
		return add_stack(reader, line) ||
		       parse_ages(&reader->parse, line, last_group(reader)) ||
		       parse_figures(line, last_group(reader));
	return true;
}

/* "  5 inherited (FDTRAIL_INHERITED=1 lists them)" */
static bool add_counted(struct reader *reader, struct list *list, struct scan line)
{
	struct scan at;
	int64_t number;

	if (!scan_words(&line, "  "))
		return false;
	at = line;
	if (!scan_number(&at, &number) || !scan_words(&at, " "))
		return false;
	add_line(reader, list, line);
	return true;
}

static bool module_line(struct reader *reader, struct scan line)
{
	struct model_module module, *added;

	if (scan_words(&line, "  note: ")) {
		add_line(reader, &reader->notes, line);
		return true;
	}
	if (!parse_module(&reader->parse, line, &module))
		return false;
	added = list_add(&reader->modules, sizeof(module));
	*added = module;
	return true;
}

/* A line that begins a paragraph. */
static bool paragraph(struct reader *reader, struct scan line)
{
	struct span whole = {line.at, line.end};

	if (add_group(reader, line))
		return true;
	if (span_is(whole, "not listed:"))
		reader->section = NOT_LISTED;
	else if (span_is(whole, "not seen:"))
		reader->section = NOT_SEEN;
	else if (span_is(whole, "modules:"))
		reader->section = MODULES;
	else
		return false;
	return true;
}

static bool header_line(struct reader *reader, struct scan line)
{
	struct scan at = line;

	if (reader->snapshot->nothing || !scan_words(&at, "Nothing "))
		return add_field(reader, line);
	reader->snapshot->nothing =
		obstack_copy0(reader->parse.memory, line.at, (size_t)(line.end - line.at));
	return true;
}

static bool inside(struct reader *reader, struct scan line)
{
	if (*line.at != ' ' && paragraph(reader, line))
		return true;
	switch (reader->section) {
	case HEADER:
		return header_line(reader, line);
	case GROUP:
		return group_line(reader, line);
	case NOT_LISTED:
		return add_counted(reader, &reader->not_listed, line);
	case NOT_SEEN:
		return add_counted(reader, &reader->not_seen, line);
	case MODULES:
		return module_line(reader, line);
	}
	return false;
}

/* A line of the snapshot, if it is one. True when it ends the snapshot: also behind output without
 * a newline. */
static bool take_line(struct reader *reader, struct scan line)
{
	struct scan at = line;
	bool ends = number_at_end(line, last_words) > 0;

	if (scan_at_end(&line))
		return false;
	if (!(ends && scan_words(&at, last_words)) && inside(reader, line))
		return false;
	if (ends)
		reader->snapshot->whole = true;
	else
		reader->snapshot->unknown_lines++;
	return ends;
}

/* Keeps the line until the next one is known. */
static void hold(struct reader *reader)
{
	reader->held = memory_array(NULL, reader->lines.length, 1);
	reader->held_length = reader->lines.length;
	reader->held_number = reader->lines.number;
	memcpy(reader->held, reader->lines.buffer, reader->lines.length);
}

static void release(struct reader *reader)
{
	free(reader->held);
	reader->held = NULL;
}

/* Looks at the line in lines, and at the held one before it. Returns a snapshot that it ends. When
 * the line begins the next one, it is still waiting then. */
static struct model_snapshot *look(struct reader *reader)
{
	struct scan line = {reader->lines.buffer, reader->lines.buffer + reader->lines.length};
	struct scan held = {reader->held, reader->held + reader->held_length}, at = line;
	int64_t version = number_at_end(line, first_words);

	reader->waiting = false;
	if (reader->held && scan_words(&at, "why: ")) {
		if (reader->snapshot)
			goto next_begins;
		begin(reader, number_at_end(held, first_words), reader->held_number);
	} else if (reader->held && reader->snapshot) {
		take_line(reader, held);
	}
	release(reader);

	/* A last line without its newline was cut, unless it is the one that ends the snapshot. */
	if (!reader->lines.ended && !number_at_end(line, last_words))
		return NULL;
	if (version > 0 && scan_words(&at, first_words)) {
		if (reader->snapshot)
			goto next_begins;
		begin(reader, version, reader->lines.number);
	} else if (version > 0 && !number_at_end(line, last_words)) {
		hold(reader);
	} else if (reader->snapshot && take_line(reader, line)) {
		return finish(reader);
	}
	return NULL;

next_begins:
	reader->waiting = true;
	return finish(reader);
}

struct model_snapshot *reader_next(struct reader *reader)
{
	struct model_snapshot *snapshot;

	while (reader->waiting || lines_next(&reader->lines)) {
		snapshot = look(reader);
		if (snapshot)
			return snapshot;
	}
	if (reader->snapshot) {
		if (reader->held)
			take_line(reader,
				  (struct scan){reader->held, reader->held + reader->held_length});
		release(reader);
		return finish(reader);
	}
	errno = reader->lines.error;
	return NULL;
}
