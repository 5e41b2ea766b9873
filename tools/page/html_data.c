// SPDX-License-Identifier: MIT
/* See html_data.h. The script (script/) is the only reader, so the members need no version. */
#include "html_data.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/export/clean_text.h"
#include "tools/export/json_writer.h"
#include "tools/model/stack_lines.h"
#include "tools/report/heading.h"
#include "html_process.h"

/* Writes the functions of a stack, the outermost first, and the kind, as in folded stacks. */
static int put_lines(struct json_writer *json, const struct model_snapshot *snapshot,
		     const struct model_group *group, const struct export_options *options)
{
	char name[LINE_NAME_SIZE];
	struct stack_line *lines;
	size_t count;
	int error = stack_lines(snapshot, group, options->collapse_runtime, &lines, &count);

	if (error)
		return error;
	json_begin_array(json, "lines");
	while (count && error == 0) {
		char *clean = clean_text(stack_line_name(&lines[--count], name), 0);

		if (clean)
			json_string(json, NULL, clean);
		else
			error = -ENOMEM;
		free(clean);
	}
	free(lines);
	if (group->kind < KIND_COUNT) {
		snprintf(name, sizeof(name), "[%s]", kind_name(group->kind));
		json_string(json, NULL, name);
	}
	json_end_array(json);
	return error;
}

static int put_stack(struct json_writer *json, const struct model_snapshot *snapshot,
		     const struct model_group *group, const struct export_options *options)
{
	int error;

	json_begin_object(json, NULL);
	json_integer(json, "count", group->count);
	json_begin_array(json, "ages");
	for (size_t i = 0; i < group->descriptor_count; i++)
		if (group->descriptors[i].age >= 0)
			json_seconds(json, NULL, group->descriptors[i].age);
	json_end_array(json);
	error = put_lines(json, snapshot, group, options);
	json_end_object(json);
	return error;
}

static int put_group(struct json_writer *json, const struct page *page,
		     const struct model_snapshot *snapshot, const struct model_group *group,
		     const struct export_options *options)
{
	char *heading = heading_of(page, group);
	int error = 0;
	bool leaks;

	json_begin_object(json, NULL);
	json_integer(json, "number", group->number);
	json_string(json, "heading", heading);
	json_string_if_known(json, "evidence", html_evidence(snapshot, group, &leaks));
	json_bool(json, "leaks", leaks);
	json_bool(json, "suppressed", group->suppressed);
	json_integer(json, "count", group->count);
	if (group->history) {
		json_begin_array(json, "history");
		for (size_t i = 0; i < snapshot->history_count; i++)
			json_integer(json, NULL, group->history[i]);
		json_end_array(json);
	}
	json_begin_array(json, "stacks");
	if (!group->part_count)
		error = put_stack(json, snapshot, group, options);
	for (size_t i = 0; i < group->part_count && error == 0; i++)
		error = put_stack(json, snapshot, group->parts[i], options);
	json_end_array(json);
	json_end_object(json);
	free(heading);
	return error;
}

static void put_moments(struct json_writer *json, const struct model_snapshot *snapshot)
{
	json_begin_array(json, "moments");
	for (size_t i = 0; i < snapshot->history_count; i++) {
		const struct model_moment *moment = &snapshot->history[i];

		json_begin_object(json, NULL);
		json_seconds(json, "before", moment->before);
		json_integer_if_known(json, "number", moment->number);
		json_integer_if_known(json, "unclosed", moment->unclosed);
		json_end_object(json);
	}
	json_end_array(json);
}

static int put_process(struct json_writer *json, const struct model_snapshot *snapshot,
		       const struct export_options *options)
{
	struct page page;
	int error = 0;

	json_begin_object(json, NULL);
	json_seconds_if_known(json, "uptime", snapshot->uptime);
	put_moments(json, snapshot);
	json_begin_array(json, "groups");
	page_open(&page, json->file, 0, false);
	for (size_t i = 0; i < snapshot->group_count && error == 0; i++)
		error = put_group(json, &page, snapshot, &snapshot->groups[i], options);
	page_close(&page);
	json_end_array(json);
	json_end_object(json);
	return error;
}

int html_data(const struct model_snapshot *const *snapshots, size_t count,
	      const struct export_options *options, FILE *file)
{
	struct json_writer json = {.file = file, .in_html = true};
	int error = 0;

	fputs("<script type=\"application/json\" id=\"data\">", file);
	json_begin_array(&json, NULL);
	for (size_t i = 0; i < count && error == 0; i++)
		error = put_process(&json, snapshots[i], options);
	json_end_array(&json);
	fputs("</script>\n", file);
	return error;
}
