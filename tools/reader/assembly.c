// SPDX-License-Identifier: MIT
/*
 * See assembly.h. Lines are recognized by their form, not by their paragraph: a program that logs
 * while a snapshot is written puts its own lines, empty ones too, between those of the snapshot.
 */
#include "assembly.h"

#include <stdlib.h>
#include <string.h>

#include "tools/model/escape.h"
#include "dup_copies.h"
#include "modules.h"

/* The next lines belong to the header, or to a group, peak or misuse that has just been added. */
static void begin_part(struct assembly *assembly, enum section part)
{
	assembly->section = assembly->part = part;
	assembly->listing = false;
}

void assembly_begin(struct assembly *assembly, const char *source, size_t line, int64_t version)
{
	assembly->snapshot = model_create();
	assembly->snapshot->source = source;
	assembly->snapshot->line = line;
	assembly->snapshot->version = version;
	assembly->parse = (struct parse){&assembly->snapshot->memory, &assembly->strings};
	begin_part(assembly, SECTION_HEADER);
	strings_forget(&assembly->strings);
}

static void discard(struct assembly *assembly)
{
	struct list *lists[] = {
		&assembly->fields,      &assembly->groups,  &assembly->peaks,
		&assembly->misuses,     &assembly->modules, &assembly->not_listed,
		&assembly->not_seen,    &assembly->marks,   &assembly->notes,
		&assembly->reasons,     &assembly->stacks,  &assembly->group_notes,
		&assembly->descriptors, &assembly->frames,  &assembly->closers,
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		list_finish(lists[i]);
}

void assembly_destroy(struct assembly *assembly)
{
	discard(assembly);
	model_destroy(assembly->snapshot);
	assembly->snapshot = NULL;
	strings_finish(&assembly->strings);
}

static struct model_group *last_group(struct assembly *assembly)
{
	return (struct model_group *)assembly->groups.items + assembly->groups.count - 1;
}

static struct model_peak *last_peak(struct assembly *assembly)
{
	return (struct model_peak *)assembly->peaks.items + assembly->peaks.count - 1;
}

static struct model_misuse *last_misuse(struct assembly *assembly)
{
	return (struct model_misuse *)assembly->misuses.items + assembly->misuses.count - 1;
}

/* The group, peak or misuse that a line belongs to; NULL: none has begun. */
static struct model_group *current(struct assembly *assembly)
{
	if (assembly->part == SECTION_MISUSE)
		return &last_misuse(assembly)->of;
	if (assembly->part == SECTION_PEAK)
		return &last_peak(assembly)->of;
	return assembly->groups.count ? last_group(assembly) : NULL;
}

static void finish_stack(struct assembly *assembly)
{
	if (!assembly->stack)
		return;
	assembly->stack->frames = list_move(&assembly->frames, sizeof(struct model_frame),
					    &assembly->stack->frame_count, assembly->parse.memory);
	assembly->stack = NULL;
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

/* A line that begins no note continues the one before. */
static void move_notes(struct assembly *assembly, struct model_group *group)
{
	const char *const *lines = assembly->group_notes.items;
	size_t count = assembly->group_notes.count;
	struct list notes = {0};

	for (size_t i = 0; i < count; i++) {
		struct model_note *note = list_add(&notes, sizeof(*note));

		note->line = lines[i];
		note->kind = group_note_find(lines + i, count - i);
		if (note->kind == NOTE_OTHER && i)
			note->kind = note[-1].kind;
	}
	group->notes = list_move(&notes, sizeof(struct model_note), &group->note_count,
				 assembly->parse.memory);
	list_finish(&notes);
	assembly->group_notes.count = 0;
}

static void finish_group(struct assembly *assembly)
{
	struct obstack *memory = assembly->parse.memory;
	struct model_group *group = current(assembly);

	if (!group)
		return;
	finish_stack(assembly);
	assembly->last_stack = NULL;
	move_notes(assembly, group);
	group->reason_lines =
		list_move(&assembly->reasons, sizeof(char *), &group->reason_line_count, memory);
	group->reason = joined(group->reason_lines, group->reason_line_count, memory);
	group->stacks = list_move(&assembly->stacks, sizeof(struct model_stack),
				  &group->stack_count, memory);
	group->descriptors = list_move(&assembly->descriptors, sizeof(struct model_descriptor),
				       &group->descriptor_count, memory);
	group->closers = list_move(&assembly->closers, sizeof(struct model_stack),
				   &group->closer_count, memory);
}

static int compare_marks(const void *left, const void *right)
{
	const struct model_mark *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

/* Gives the descriptors the texts of their marks, which come after them. */
static void name_marks(struct model_snapshot *snapshot)
{
	if (!snapshot->mark_count)
		return;
	qsort(snapshot->marks, snapshot->mark_count, sizeof(*snapshot->marks), compare_marks);
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].descriptor_count; j++) {
			struct model_descriptor *of = &snapshot->groups[i].descriptors[j];
			const struct model_mark wanted = {.number = of->mark},
						*found = bsearch(&wanted, snapshot->marks,
								 snapshot->mark_count,
								 sizeof(wanted), compare_marks);

			of->mark_text = found ? found->text : NULL;
		}
}

/* Groups of an untraced process say so; one that has only what it inherited has none. */
static void look_whether_traced(struct model_snapshot *snapshot)
{
	if (snapshot->why && strcmp(snapshot->why, "taken from outside") == 0)
		snapshot->traced = false;
	for (size_t i = 0; i < snapshot->group_count; i++)
		if (snapshot->groups[i].origin == MODEL_UNTRACED)
			snapshot->traced = false;
}

/* In a process that `fdtrail attach` came to, and that has not forked since, what is inherited was
 * open before. */
static void note_attach(struct model_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->group_count; i++)
		snapshot->groups[i].before_attach = snapshot->attached >= 0 &&
						    snapshot->forked < 0 &&
						    snapshot->groups[i].origin == MODEL_INHERITED;
}

struct model_snapshot *assembly_finish(struct assembly *assembly)
{
	struct model_snapshot *snapshot = assembly->snapshot;
	struct obstack *memory = assembly->parse.memory;

	finish_group(assembly);
	assembly->snapshot = NULL;
	snapshot->fields = list_move(&assembly->fields, sizeof(struct model_field),
				     &snapshot->field_count, memory);
	snapshot->groups = list_move(&assembly->groups, sizeof(struct model_group),
				     &snapshot->group_count, memory);
	snapshot->peaks = list_move(&assembly->peaks, sizeof(struct model_peak),
				    &snapshot->peak_count, memory);
	snapshot->misuses = list_move(&assembly->misuses, sizeof(struct model_misuse),
				      &snapshot->misuse_count, memory);
	snapshot->modules = list_move(&assembly->modules, sizeof(struct model_module),
				      &snapshot->module_count, memory);
	snapshot->not_listed = list_move(&assembly->not_listed, sizeof(char *),
					 &snapshot->not_listed_count, memory);
	snapshot->not_seen =
		list_move(&assembly->not_seen, sizeof(char *), &snapshot->not_seen_count, memory);
	snapshot->marks = list_move(&assembly->marks, sizeof(struct model_mark),
				    &snapshot->mark_count, memory);
	name_marks(snapshot);
	dup_copies_count(snapshot);
	snapshot->notes =
		list_move(&assembly->notes, sizeof(char *), &snapshot->note_count, memory);
	discard(assembly);
	parse_header(&assembly->parse, snapshot);
	note_attach(snapshot);
	modules_identify(snapshot);
	look_whether_traced(snapshot);
	return snapshot;
}

static bool add_field(struct assembly *assembly, struct scan line)
{
	struct model_field field, *added = assembly->fields.items;

	if (!parse_field(&assembly->parse, line, &field))
		return false;
	/* A second field of the same name comes from the program's log. The header begins with
	 * "why". */
	if (assembly->fields.count && strcmp(field.name, "why") == 0)
		return false;
	for (size_t i = 0; i < assembly->fields.count; i++)
		if (added[i].name == field.name)
			return false;
	added = list_add(&assembly->fields, sizeof(field));
	*added = field;
	return true;
}

static bool add_group(struct assembly *assembly, struct scan line)
{
	struct model_group group, *added;

	if (!parse_heading(&assembly->parse, line, &group))
		return false;
	if (assembly->groups.count && group.number <= last_group(assembly)->number)
		assembly->snapshot->mixed = true;
	finish_group(assembly);
	added = list_add(&assembly->groups, sizeof(group));
	*added = group;
	begin_part(assembly, SECTION_GROUP);
	return true;
}

static bool add_peak(struct assembly *assembly, struct scan line)
{
	struct model_peak peak, *added;

	if (!parse_peak_heading(&assembly->parse, line, &peak))
		return false;
	if (assembly->peaks.count && peak.of.number <= last_peak(assembly)->of.number)
		assembly->snapshot->mixed = true;
	finish_group(assembly);
	added = list_add(&assembly->peaks, sizeof(peak));
	*added = peak;
	begin_part(assembly, SECTION_PEAK);
	return true;
}

static bool add_misuse(struct assembly *assembly, struct scan line)
{
	struct model_misuse misuse, *added;

	if (!parse_misuse_heading(&assembly->parse, line, &misuse))
		return false;
	if (assembly->misuses.count && misuse.of.number <= last_misuse(assembly)->of.number)
		assembly->snapshot->mixed = true;
	finish_group(assembly);
	added = list_add(&assembly->misuses, sizeof(misuse));
	*added = misuse;
	begin_part(assembly, SECTION_MISUSE);
	return true;
}

static void add_line(struct assembly *assembly, struct list *list, struct scan line)
{
	const char **added = list_add(list, sizeof(*added));

	*added = obstack_copy0(assembly->parse.memory, line.at, (size_t)(line.end - line.at));
}

static bool add_stack(struct assembly *assembly, struct scan line)
{
	struct model_stack stack, *added;
	bool ancestor;

	if (!parse_stack(&assembly->parse, line, &stack, &ancestor) ||
	    (ancestor && !assembly->last_stack))
		return false;
	/* After the descriptors there are only closers. */
	if (assembly->listing && !(ancestor && assembly->last_stack->role == MODEL_CLOSED_AT))
		return false;
	finish_stack(assembly);
	if (ancestor) {
		stack.role = assembly->last_stack->role;
		added = obstack_copy(assembly->parse.memory, &stack, sizeof(stack));
		assembly->last_stack->created_by = added;
	} else {
		added = list_add(&assembly->stacks, sizeof(stack));
		*added = stack;
	}
	assembly->stack = assembly->last_stack = added;
	return true;
}

/* A stack that has closed descriptors; they stand after the open ones. */
static bool add_closer(struct assembly *assembly, struct scan line)
{
	struct model_stack stack, *added;

	if (!parse_closer(line, &stack))
		return false;
	finish_stack(assembly);
	assembly->listing = true;
	added = list_add(&assembly->closers, sizeof(stack));
	*added = stack;
	assembly->stack = assembly->last_stack = added;
	return true;
}

static bool add_closed_elsewhere(struct assembly *assembly, struct scan line)
{
	if (!parse_closed_elsewhere(line, last_group(assembly)))
		return false;
	finish_stack(assembly);
	return true;
}

static bool add_frame(struct assembly *assembly, struct scan line)
{
	struct model_frame frame, *added = assembly->frames.items;
	int64_t next = 0;

	if (!assembly->stack || assembly->stack->incomplete ||
	    !parse_frame(&assembly->parse, line, &frame))
		return false;
	if (assembly->frames.count)
		next = added[assembly->frames.count - 1].index + 1;
	if (frame.index < next || frame.index == INT64_MAX)
		return false;
	assembly->stack->lost += (size_t)(frame.index - next);
	added = list_add(&assembly->frames, sizeof(frame));
	*added = frame;
	return true;
}

/* "    (deeper: cut at 64 frames, the most that are kept)" */
static bool add_incomplete(struct assembly *assembly, struct scan line)
{
	if (!assembly->stack || assembly->stack->incomplete || !scan_words(&line, "    (") ||
	    scan_at_end(&line) || line.end[-1] != ')')
		return false;
	assembly->stack->incomplete = strings_keep(&assembly->strings, assembly->parse.memory,
						   line.at, (size_t)(line.end - 1 - line.at));
	return true;
}

static bool add_descriptor(struct assembly *assembly, struct scan line)
{
	struct model_descriptor descriptor, *added;
	struct model_group *group = last_group(assembly);

	if ((int64_t)assembly->descriptors.count == group->count - group->more ||
	    !parse_descriptor(&assembly->parse, line, &descriptor))
		return false;
	/* The line "descriptors:" may be lost. */
	finish_stack(assembly);
	assembly->listing = true;
	added = list_add(&assembly->descriptors, sizeof(descriptor));
	*added = descriptor;
	return true;
}

static bool add_more(struct assembly *assembly, struct scan line)
{
	struct model_group *group = last_group(assembly);
	int64_t more;

	if (group->more || !parse_more(line, &more) ||
	    more > group->count - (int64_t)assembly->descriptors.count)
		return false;
	group->more = more;
	return true;
}

static bool group_line(struct assembly *assembly, struct scan line)
{
	struct scan at = line;

	if (scan_words(&at, "    "))
		return add_frame(assembly, line) || add_descriptor(assembly, line) ||
		       add_incomplete(assembly, line) || add_more(assembly, line);
	if (!scan_words(&at, "  "))
		return false;
	if (scan_words(&at, "descriptors:") && scan_at_end(&at)) {
		finish_stack(assembly);
		assembly->listing = true;
		return true;
	}
	if (add_closer(assembly, line) || add_closed_elsewhere(assembly, line))
		return true;
	if (assembly->listing)
		return add_stack(assembly, line);
	if (scan_words(&at, "note: "))
		add_line(assembly, &assembly->group_notes, at);
	else if (scan_words(&at, "reason: "))
		add_line(assembly, &assembly->reasons, at);
	else
		return add_stack(assembly, line) ||
		       parse_ages(&assembly->parse, line, last_group(assembly)) ||
		       parse_generation(line, last_group(assembly)) ||
		       parse_figures(line, last_group(assembly));
	return true;
}

static bool peak_line(struct assembly *assembly, struct scan line)
{
	struct scan at = line;
	struct model_peak *peak = last_peak(assembly);

	if (scan_words(&at, "    "))
		return add_frame(assembly, line) || add_incomplete(assembly, line);
	return add_stack(assembly, line) || parse_peak_line(&assembly->parse, line, peak) ||
	       parse_figures(line, &peak->of);
}

static bool misuse_line(struct assembly *assembly, struct scan line)
{
	struct scan at = line;

	if (scan_words(&at, "    "))
		return add_frame(assembly, line) || add_incomplete(assembly, line);
	return add_stack(assembly, line) ||
	       parse_misuse_line(&assembly->parse, line, last_misuse(assembly));
}

/* "  1 closed by untraced calls since the last snapshot" */
static bool add_counted(struct assembly *assembly, struct list *list, struct scan line)
{
	struct scan at;
	int64_t number;

	if (!scan_words(&line, "  "))
		return false;
	at = line;
	if (!scan_number(&at, &number) || !scan_words(&at, " "))
		return false;
	add_line(assembly, list, line);
	return true;
}

static bool add_mark(struct assembly *assembly, struct scan line)
{
	struct model_mark mark;

	if (!parse_mark(&assembly->parse, line, &mark))
		return false;
	*(struct model_mark *)list_add(&assembly->marks, sizeof(mark)) = mark;
	return true;
}

/* "  5 inherited (FDTRAIL_INHERITED=1 lists them)" */
static bool add_not_listed(struct assembly *assembly, struct scan line)
{
	struct list *list = &assembly->not_listed;
	struct scan at = line;
	int64_t number;

	if (!add_counted(assembly, list, line))
		return false;
	if (scan_words(&at, "  ") && scan_number(&at, &number) &&
	    scan_words(&at, " inherited (FDTRAIL_INHERITED"))
		assembly->snapshot->not_listed_inherited =
			((const char **)list->items)[list->count - 1];
	return true;
}

static bool module_line(struct assembly *assembly, struct scan line)
{
	struct model_module module, *added;

	if (scan_words(&line, "  note: ")) {
		add_line(assembly, &assembly->notes, line);
		return true;
	}
	if (!parse_module(&assembly->parse, line, &module))
		return false;
	added = list_add(&assembly->modules, sizeof(module));
	*added = module;
	return true;
}

/* A line that begins a paragraph. */
static bool paragraph(struct assembly *assembly, struct scan line)
{
	struct span whole = {line.at, line.end};

	if (add_group(assembly, line) || add_peak(assembly, line) || add_misuse(assembly, line))
		return true;
	if (span_is(whole, "marks:"))
		assembly->section = SECTION_MARKS;
	else if (span_is(whole, "not listed:"))
		assembly->section = SECTION_NOT_LISTED;
	else if (span_is(whole, "not seen:"))
		assembly->section = SECTION_NOT_SEEN;
	else if (span_is(whole, "modules:"))
		assembly->section = SECTION_MODULES;
	else
		return false;
	return true;
}

static bool header_line(struct assembly *assembly, struct scan line)
{
	struct scan at = line;

	if (assembly->snapshot->nothing || !scan_words(&at, "Nothing that "))
		return add_field(assembly, line);
	assembly->snapshot->nothing =
		obstack_copy0(assembly->parse.memory, line.at, (size_t)(line.end - line.at));
	return true;
}

static bool take(struct assembly *assembly, struct scan line)
{
	if (*line.at != ' ' && paragraph(assembly, line))
		return true;
	switch (assembly->section) {
	case SECTION_HEADER:
		return header_line(assembly, line);
	case SECTION_GROUP:
		return group_line(assembly, line);
	case SECTION_PEAK:
		return peak_line(assembly, line);
	case SECTION_MARKS:
		return add_mark(assembly, line);
	case SECTION_MISUSE:
		return misuse_line(assembly, line);
	case SECTION_NOT_LISTED:
		return add_not_listed(assembly, line);
	case SECTION_NOT_SEEN:
		return add_counted(assembly, &assembly->not_seen, line);
	case SECTION_MODULES:
		return module_line(assembly, line);
	}
	return false;
}

bool assembly_line(struct assembly *assembly, struct scan line)
{
	size_t size = (size_t)(line.end - line.at);
	char *escaped;
	bool known;

	if (escape_is_done(line.at, size))
		return take(assembly, line);
	/* The tracer writes no such bytes: the text was recoded, or forged to drive a terminal. */
	escaped = escape_rest(line.at, size);
	known = take(assembly, (struct scan){escaped, escaped + strlen(escaped)});
	free(escaped);
	return known;
}
