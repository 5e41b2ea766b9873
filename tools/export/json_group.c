// SPDX-License-Identifier: MIT
/* A group in JSON: its identity, counts, stacks and descriptors. See json.h. */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "stack_id.h"
#include "tools/model/stack_lines.h"

static const char *origin_name(const struct model_group *group)
{
	switch (group->origin) {
	case MODEL_OPENED:
		return "opened";
	case MODEL_UNSEEN:
		return "unseen";
	case MODEL_UNTRACED:
		return "untraced";
	case MODEL_INHERITED:
		return "inherited";
	case MODEL_INHERITED_FORK:
		return group->by_exec ? "inherited_exec" : "inherited_fork";
	}
	return "unknown";
}

/* Why a group has no stack: from the text, else by its origin. */
static const char *reason(const struct model_group *group)
{
	if (group->reason)
		return group->reason;
	switch (group->origin) {
	case MODEL_INHERITED:
		return group->before_attach ? "they were open before fdtrail came"
					    : "they were open when the program started";
	case MODEL_INHERITED_FORK:
		return group->by_exec ? "they were open when the program was executed"
				      : "they were open when the process was forked";
	case MODEL_UNSEEN:
		return "untraced calls opened them";
	case MODEL_UNTRACED:
		return "the process was not traced";
	case MODEL_OPENED:
		break;
	}
	return "no stack was recorded";
}

static bool is_inherited(const struct model_group *group)
{
	return group->origin == MODEL_INHERITED || group->origin == MODEL_INHERITED_FORK;
}

/* Leaves KIND_COUNT out: it means several kinds. */
static void put_kind(struct json_writer *json, enum kind kind)
{
	if (kind < KIND_COUNT)
		json_string(json, "kind", kind_name(kind));
}

/* Writes the object for one function. Inlined functions come before their frame, with its index. */
static void put_location(struct json_writer *json, const struct model_frame *frame, size_t index)
{
	const struct model_location *location =
		index < frame->location_count ? &frame->locations[index] : NULL;

	json_begin_object(json, NULL);
	json_integer(json, "index", frame->index);
	if (!frame->language)
		json_address(json, "address", frame->address);
	json_string_if_known(json, "function", frame_function(frame, index));
	if (location) {
		json_string_if_known(json, "file", location->file);
		if (location->line > 0)
			json_integer(json, "line", location->line);
		if (location->column > 0)
			json_integer(json, "column", location->column);
	}
	if (frame->module) {
		json_string(json, "module", frame->module);
		json_address(json, "offset", frame->offset);
	}
	json_string_if_known(json, "build_id", frame->build_id);
	json_string_if_known(json, "language", frame->language);
	json_bool(json, "inlined", location && location->inlined);
	json_true_if(json, "own", frame->own);
	json_string_if_known(json, "trouble", frame->trouble);
	json_end_object(json);
}

static void put_frames(struct json_writer *json, const char *key, const struct model_stack *stack,
		       const struct export_options *options)
{
	bool collapses = stack && options->collapse_runtime && stack_has_user_code(stack);

	json_begin_array(json, key);
	for (size_t i = 0; stack && i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];

		if (collapses && !frame->own)
			continue;
		put_location(json, frame, 0);
		for (size_t j = 1; j < frame->location_count; j++)
			put_location(json, frame, j);
	}
	json_end_array(json);
}

/* Writes what a stack lacks: it was not walked to its end, or lines of the text are lost. */
static void put_missing(struct json_writer *json, const struct model_stack *stack)
{
	json_string_if_known(json, "incomplete", stack->incomplete);
	if (stack->lost)
		json_integer(json, "lost_frames", (int64_t)stack->lost);
}

/* Writes a stack other than the opening one, as an object. */
static void put_stack(struct json_writer *json, const char *key, const struct model_stack *stack,
		      const struct export_options *options)
{
	json_begin_object(json, key);
	json_string_if_known(json, "share", stack->share);
	json_true_if(json, "asked", stack->asked);
	if (stack->role == MODEL_CLOSED_AT && stack->closed)
		json_integer(json, "count", stack->closed);
	put_frames(json, "frames", stack, options);
	put_missing(json, stack);
	json_end_object(json);
}

static void put_with_ancestors(struct json_writer *json, const struct model_stack *stack,
			       const struct export_options *options)
{
	for (; stack; stack = stack->created_by)
		put_stack(json, NULL, stack, options);
}

/* Writes the stacks of one role, each followed by those of its ancestor goroutines. */
static void put_stacks(struct json_writer *json, const char *key, const struct model_group *group,
		       enum model_stack_role role, const struct export_options *options)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < group->stack_count; i++)
		if (group->stacks[i].role == role)
			put_with_ancestors(json, &group->stacks[i], options);
	json_end_array(json);
}

/* Writes the stack of the last use: of the last HTTP request, or of any call. */
static void put_uses(struct json_writer *json, const char *key, const struct model_group *group,
		     bool http, const struct export_options *options)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < group->stack_count; i++) {
		const struct model_stack *stack = &group->stacks[i];

		if (stack->role == MODEL_LAST_USED_AT && stack->http == http)
			put_with_ancestors(json, stack, options);
	}
	json_end_array(json);
}

void json_group_identity(struct json_writer *json, const struct model_group *group,
			 const struct export_options *options)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);

	put_kind(json, group->kind);
	json_string(json, "origin", origin_name(group));
	json_bool(json, "inherited", is_inherited(group));
	if (group->generation > 0) {
		json_integer(json, "generation", group->generation);
		json_integer(json, "last_generation", group->last_generation);
	}
	json_string_if_known(json, "how", group->how);
	json_string_if_known(json, "place", group->place);
	if (opened && opened->frame_count) {
		char id[STACK_ID_SIZE];

		stack_id(opened, id);
		json_string(json, "stack_id", id);
	} else {
		json_string(json, "reason", reason(group));
	}
	put_frames(json, "stack", opened, options);
	if (opened)
		put_missing(json, opened);
	json_begin_array(json, "created_by");
	for (const struct model_stack *stack = opened ? opened->created_by : NULL; stack;
	     stack = stack->created_by)
		put_stack(json, NULL, stack, options);
	json_end_array(json);
	put_stacks(json, "connected_at", group, MODEL_CONNECTED_AT, options);
	put_uses(json, "last_http_request_by", group, true, options);
	put_uses(json, "last_used_at", group, false, options);
}

static void put_descriptor(struct json_writer *json, const struct model_group *group,
			   const struct model_descriptor *descriptor)
{
	json_begin_object(json, NULL);
	json_integer(json, "fd", descriptor->fd);
	put_kind(json, descriptor->kind);
	json_string_if_known(json, "protocol", descriptor->protocol);
	json_string_if_known(json, "local", descriptor->local);
	json_string_if_known(json, "peer", descriptor->peer);
	json_string_if_known(json, "state", descriptor->state);
	json_seconds_if_known(json, "age_seconds", descriptor->age);
	json_seconds_if_known(json, "idle_seconds", descriptor->idle);
	if (descriptor->what && !kind_is_socket(descriptor->kind))
		json_string(json, descriptor->what[0] == '/' ? "path" : "target", descriptor->what);
	json_true_if(json, "deleted", descriptor->deleted);
	json_integer_if_known(json, "watches", descriptor->watches);
	json_true_if(json, "open_in_child", descriptor->in_child);
	json_true_if(json, "process_ended", descriptor->process_ended);
	if (descriptor->unread > 0)
		json_integer(json, "unread_bytes", descriptor->unread);
	if (descriptor->unsent > 0)
		json_integer(json, "unsent_bytes", descriptor->unsent);
	if (descriptor->requests > 0) {
		json_integer(json, "http_requests", descriptor->requests);
		json_address(json, "http_transport", descriptor->transport);
	}
	json_bool(json, "inherited", is_inherited(group));
	json_true_if(json, "duplicated", descriptor->duplicated);
	json_integer_if_known(json, "dup_of", descriptor->dup_of);
	json_string_if_known(json, "original", model_original_name(descriptor->original));
	if (descriptor->copies)
		json_integer(json, "copies", descriptor->copies);
	json_true_if(json, "received", descriptor->received);
	json_string_if_known(json, "stream", model_stream_name(descriptor->stream));
	json_string_if_known(json, "access", model_access_name(descriptor->access));
	json_true_if(json, "no_close_on_exec", descriptor->no_cloexec);
	if (descriptor->thread != MODEL_UNKNOWN) {
		json_begin_object(json, "thread");
		json_integer(json, "id", descriptor->thread);
		json_string_if_known(json, "name", descriptor->thread_name);
		json_end_object(json);
	}
	if (descriptor->mark)
		json_integer(json, "mark", descriptor->mark);
	json_string_if_known(json, "text", descriptor->text);
	json_end_object(json);
}

static void put_stack_figures(struct json_writer *json, const struct model_group *group)
{
	json_begin_object(json, "figures");
	json_integer_if_known(json, "opened", group->opened);
	json_integer_if_known(json, "closed", group->closed);
	json_integer_if_known(json, "live", group->live);
	if (group->has_growth)
		json_integer(json, "growth", group->growth);
	json_integer_if_known(json, "peak", group->peak);
	json_true_if(json, "peak_at_most", group->peak_at_most);
	json_end_object(json);
}

static void put_figures(struct json_writer *json, const struct model_group *group)
{
	put_stack_figures(json, group);
	json_begin_object(json, "ages");
	json_seconds_if_known(json, "least_seconds", group->age_least);
	json_seconds_if_known(json, "most_seconds", group->age_most);
	json_end_object(json);

	json_begin_array(json, "states");
	for (size_t i = 0; i < group->state_count; i++) {
		json_begin_object(json, NULL);
		json_string(json, "state", group->states[i].name);
		json_integer(json, "count", group->states[i].count);
		json_end_object(json);
	}
	json_end_array(json);
}

void json_group_closers(struct json_writer *json, const struct model_group *group,
			const struct export_options *options)
{
	json_begin_array(json, "closed_at");
	for (size_t i = 0; i < group->closer_count; i++)
		for (const struct model_stack *stack = &group->closers[i]; stack;
		     stack = stack->created_by)
			put_stack(json, NULL, stack, options);
	json_end_array(json);
	json_begin_object(json, "closed_elsewhere");
	json_integer(json, "others", group->closed_elsewhere.others);
	json_integer(json, "other_stacks", group->closed_elsewhere.other_stacks);
	json_integer(json, "unseen_calls", group->closed_elsewhere.untraced);
	json_integer(json, "unknown", group->closed_elsewhere.unknown);
	json_end_object(json);
}

static void put_group(struct json_writer *json, const struct model_group *group,
		      const struct export_options *options)
{
	json_begin_object(json, NULL);
	json_integer(json, "number", group->number);
	if (group->finding)
		json_integer(json, "finding", group->finding);
	json_integer(json, "count", group->count);
	json_string_if_known(json, "sentence", group->sentence);
	json_group_identity(json, group, options);
	put_figures(json, group);
	json_begin_array(json, "notes");
	for (size_t i = 0; i < group->note_count; i++)
		json_string(json, NULL, group->notes[i].line);
	json_end_array(json);
	json_group_closers(json, group, options);
	json_true_if(json, "suppressed", group->suppressed);
	json_true_if(json, "broken", group->broken);
	json_begin_array(json, "descriptors");
	for (size_t i = 0; i < group->descriptor_count; i++)
		put_descriptor(json, group, &group->descriptors[i]);
	json_end_array(json);
	json_end_object(json);
}

void json_peaks(struct json_writer *json, const struct model_snapshot *snapshot,
		const struct export_options *options)
{
	json_begin_array(json, "peaks");
	for (size_t i = 0; i < snapshot->peak_count; i++) {
		const struct model_peak *peak = &snapshot->peaks[i];

		json_begin_object(json, NULL);
		json_integer(json, "number", peak->of.number);
		json_string_if_known(json, "sentence", peak->of.sentence);
		json_group_identity(json, &peak->of, options);
		json_seconds_if_known(json, "reached_seconds", peak->reached);
		json_integer_if_known(json, "until_end", peak->until_end);
		put_stack_figures(json, &peak->of);
		json_true_if(json, "suppressed", peak->of.suppressed);
		json_end_object(json);
	}
	json_end_array(json);
}

/* A stack of a misuse, if it is known. */
static void put_misuse_stack(struct json_writer *json, const char *key,
			     const struct model_misuse *misuse, enum model_stack_role role,
			     const struct export_options *options)
{
	const struct model_stack *stack = model_stack(&misuse->of, role);

	json_begin_array(json, key);
	for (; stack; stack = stack->created_by)
		put_stack(json, NULL, stack, options);
	json_end_array(json);
}

void json_misuses(struct json_writer *json, const struct model_snapshot *snapshot,
		  const struct export_options *options)
{
	json_integer_if_known(json, "misuse_total", snapshot->misuse_total);
	json_begin_array(json, "misuses");
	for (size_t i = 0; i < snapshot->misuse_count; i++) {
		const struct model_misuse *misuse = &snapshot->misuses[i];

		json_begin_object(json, NULL);
		json_integer(json, "number", misuse->of.number);
		json_string(json, "misuse", model_misuse_name(misuse->kind));
		json_string_if_known(json, "sentence", misuse->of.sentence);
		json_integer(json, "fd", misuse->fd);
		json_string_if_known(json, "call", misuse->call);
		json_integer(json, "times", misuse->times);
		json_seconds_if_known(json, "first_seconds", misuse->first);
		put_misuse_stack(json, "misused_at", misuse, MODEL_MISUSED_AT, options);
		put_misuse_stack(json, "closed_before_at", misuse, MODEL_CLOSED_BEFORE_AT, options);
		put_misuse_stack(json, "opened_at", misuse, MODEL_OPENED_AT, options);
		json_true_if(json, "suppressed", misuse->of.suppressed);
		json_end_object(json);
	}
	json_end_array(json);
}

void json_groups(struct json_writer *json, const struct model_snapshot *snapshot,
		 const struct export_options *options)
{
	json_begin_array(json, "groups");
	for (size_t i = 0; i < snapshot->group_count; i++)
		put_group(json, &snapshot->groups[i], options);
	json_end_array(json);
}
