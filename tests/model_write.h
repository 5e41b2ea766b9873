// SPDX-License-Identifier: MIT
/*
 * Writes a snapshot as the text that it was read from (preload/core/snapshot/README.md), without
 * names and lines that were added to it, and without lines that were not the snapshot's.
 */
#pragma once

#include <inttypes.h>
#include <string.h>

#include "tools/model/escape.h"
#include "tools/model/model.h"

static inline void write_header(const struct model_snapshot *snapshot, FILE *file)
{
	fprintf(file, "fdtrail snapshot, format %" PRId64 "\n", snapshot->version);
	for (size_t i = 0; i < snapshot->field_count; i++)
		fprintf(file, "%s: %s\n", snapshot->fields[i].name, snapshot->fields[i].value);
	if (snapshot->nothing)
		fprintf(file, "\n%s\n", snapshot->nothing);
}

/* A file's name with a colon is in quotes, so that the line follows the last colon without. */
static inline void write_language_frame(const struct model_frame *frame, FILE *file)
{
	const struct model_location *location = &frame->locations[0];

	fprintf(file, "    #%" PRId64 " in ", frame->index);
	escape_put_word(file, location->function);
	if (location->file) {
		fputc(' ', file);
		escape_put_place(file, location->file);
		if (location->line)
			fprintf(file, ":%d", location->line);
	}
	fprintf(file, " (%s%s)\n", frame->language, frame->library ? ", library" : "");
}

static inline void write_frame(const struct model_frame *frame, FILE *file)
{
	if (frame->language) {
		write_language_frame(frame, file);
		return;
	}
	fprintf(file, "    #%" PRId64 " 0x%012" PRIx64, frame->index, frame->address);
	if (frame->function) {
		fputs(" in ", file);
		escape_put_name(file, frame->function);
	}
	if (!frame->module) {
		fputs(" (in no known module)\n", file);
		return;
	}
	fputs(" (", file);
	escape_put(file, frame->module);
	fprintf(file, "+0x%" PRIx64 ")", frame->offset);
	if (!frame->function && frame->build_id)
		fprintf(file, " (BuildId: %s)", frame->build_id);
	fputc('\n', file);
}

static inline void write_frames(const struct model_stack *stack, FILE *file)
{
	for (size_t i = 0; i < stack->frame_count; i++)
		write_frame(&stack->frames[i], file);
	if (stack->incomplete)
		fprintf(file, "    (%s)\n", stack->incomplete);
}

static inline void write_stack(const struct model_stack *stack, FILE *file)
{
	static const char *const headings[] = {
		[MODEL_OPENED_AT] = "opened at",
		[MODEL_CONNECTED_AT] = "connected at",
		[MODEL_LAST_USED_AT] = "last used at",
		[MODEL_CLOSED_AT] = "closed at",
		[MODEL_MISUSED_AT] = "misused at",
		[MODEL_CLOSED_BEFORE_AT] = "closed before at",
	};
	const char *heading = stack->http ? "last HTTP request by" : headings[stack->role];

	for (; stack; stack = stack->created_by) {
		if (stack->asked)
			heading = "asked for by";
		if (stack->closed)
			fprintf(file, "  closed at (%" PRId64 "):\n", stack->closed);
		else
			fprintf(file, stack->share ? "  %s (%s):\n" : "  %s:\n", heading,
				stack->share);
		write_frames(stack, file);
		heading = "created by";
	}
}

static inline void write_descriptor(const struct model_descriptor *descriptor, FILE *file)
{
	const char *text = descriptor->text ? descriptor->text : "";

	fprintf(file, "    %" PRId64 " %s%s%s\n", descriptor->fd, kind_name(descriptor->kind),
		*text && *text != ',' ? " " : "", text);
}

static inline void write_lines(const char *before, const char *const *lines, size_t count,
			       FILE *file)
{
	for (size_t i = 0; i < count; i++)
		fprintf(file, "  %s%s\n", before, lines[i]);
}

static inline void write_figures(const struct model_group *group, FILE *file)
{
	if (group->opened == MODEL_UNKNOWN)
		return;
	fprintf(file, "  stack: %" PRId64 " opened, %" PRId64 " closed, %" PRId64 " live",
		group->opened, group->closed, group->live);
	if (group->has_growth)
		fprintf(file, ", %+" PRId64 " since the last snapshot", group->growth);
	if (group->peak != MODEL_UNKNOWN)
		fprintf(file, "; peak %s%" PRId64, group->peak_at_most ? "at most " : "",
			group->peak);
	fputc('\n', file);
}

static inline void write_peak(const struct model_peak *peak, FILE *file)
{
	fprintf(file, "\npeak %" PRId64 ": %s\n", peak->of.number, peak->of.sentence);
	if (peak->reached_text)
		fprintf(file, "  reached: %s\n", peak->reached_text);
	if (peak->until_end != MODEL_UNKNOWN)
		fprintf(file, "  until the end: %" PRId64 "\n", peak->until_end);
	write_figures(&peak->of, file);
	for (size_t i = 0; i < peak->of.stack_count; i++)
		write_stack(&peak->of.stacks[i], file);
}

static inline void write_misuse(const struct model_misuse *misuse, FILE *file)
{
	fprintf(file, "\nmisuse %" PRId64 ": %s\n", misuse->of.number, misuse->of.sentence);
	if (misuse->call)
		fprintf(file, "  call: %s\n", misuse->call);
	fprintf(file, "  times: %" PRId64 "\n", misuse->times);
	for (size_t i = 0; i < misuse->of.stack_count; i++)
		write_stack(&misuse->of.stacks[i], file);
}

static inline void write_group(const struct model_group *group, FILE *file)
{
	fprintf(file, "\ngroup %" PRId64 ": %s\n", group->number, group->sentence);
	write_lines("reason: ", group->reason_lines, group->reason_line_count, file);
	for (size_t i = 0; i < group->note_count; i++)
		fprintf(file, "  note: %s\n", group->notes[i].line);
	if (group->ages)
		fprintf(file, "  ages: %s\n", group->ages);
	write_figures(group, file);
	for (size_t i = 0; i < group->stack_count; i++)
		write_stack(&group->stacks[i], file);
	fputs("  descriptors:\n", file);
	for (size_t i = 0; i < group->descriptor_count; i++)
		write_descriptor(&group->descriptors[i], file);
	if (group->more)
		fprintf(file, "    and %" PRId64 " more (FDTRAIL_SHOW=all lists them)\n",
			group->more);
	for (size_t i = 0; i < group->closer_count; i++)
		write_stack(&group->closers[i], file);
	if (group->closed_elsewhere.others)
		fprintf(file, "  closed at other stacks: %" PRId64 " at %" PRId64 "\n",
			group->closed_elsewhere.others, group->closed_elsewhere.other_stacks);
	if (group->closed_elsewhere.untraced)
		fprintf(file, "  closed by untraced calls: %" PRId64 "\n",
			group->closed_elsewhere.untraced);
	if (group->closed_elsewhere.unknown)
		fprintf(file, "  closed at unknown places: %" PRId64 "\n",
			group->closed_elsewhere.unknown);
}

static inline void write_module(const struct model_module *module, FILE *file)
{
	fprintf(file, "  0x%012" PRIx64 "-0x%012" PRIx64 " ", module->start, module->end);
	escape_put_word(file, module->path);
	if (module->build_id)
		fprintf(file, ", BuildId %s", module->build_id);
	if (module->unloaded)
		fputs(", unloaded", file);
	if (module->trouble)
		fprintf(file, ", %s", module->trouble);
	fputc('\n', file);
}

static inline void write_footers(const struct model_snapshot *snapshot, FILE *file)
{
	if (snapshot->mark_count)
		fputs("\nmarks:\n", file);
	for (size_t i = 0; i < snapshot->mark_count; i++)
		fprintf(file, "  %s\n", snapshot->marks[i].line);
	if (snapshot->not_listed_count)
		fputs("\nnot listed:\n", file);
	write_lines("", snapshot->not_listed, snapshot->not_listed_count, file);
	if (snapshot->not_seen_count)
		fputs("\nnot seen:\n", file);
	write_lines("", snapshot->not_seen, snapshot->not_seen_count, file);
	if (snapshot->module_count || snapshot->note_count)
		fputs("\nmodules:\n", file);
	for (size_t i = 0; i < snapshot->module_count; i++)
		write_module(&snapshot->modules[i], file);
	write_lines("note: ", snapshot->notes, snapshot->note_count, file);
}

static inline void model_write(const struct model_snapshot *snapshot, FILE *file)
{
	write_header(snapshot, file);
	for (size_t i = 0; i < snapshot->group_count; i++)
		write_group(&snapshot->groups[i], file);
	for (size_t i = 0; i < snapshot->misuse_count; i++)
		write_misuse(&snapshot->misuses[i], file);
	for (size_t i = 0; i < snapshot->peak_count; i++)
		write_peak(&snapshot->peaks[i], file);
	write_footers(snapshot, file);
	if (snapshot->whole)
		fprintf(file, "\nend of fdtrail snapshot, format %" PRId64 "\n", snapshot->version);
}
