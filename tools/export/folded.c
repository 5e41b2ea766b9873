// SPDX-License-Identifier: MIT
/* See folded.h. */
#include "folded.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clean_text.h"
#include "tools/model/stack_lines.h"

static int put_name(const char *name, FILE *file)
{
	char *clean = clean_text(name, 0);

	if (!clean)
		return -ENOMEM;
	for (const char *at = clean; *at; at++)
		putc(*at == ';' ? ':' : *at, file);
	free(clean);
	return 0;
}

int folded_write_stack(const struct model_snapshot *snapshot, const struct model_group *group,
		       const struct export_options *options, FILE *file)
{
	char name[LINE_NAME_SIZE];
	struct stack_line *lines;
	size_t count;
	int error = stack_lines(snapshot, group, options->collapse_runtime, &lines, &count);

	if (error)
		return error;
	error = put_name(snapshot->program ? snapshot->program : "[unknown program]", file);
	while (count && error == 0) {
		putc(';', file);
		error = put_name(stack_line_name(&lines[--count], name), file);
	}
	free(lines);
	/* Without the kind, files and sockets of one function would be one tower. */
	if (error == 0 && group->kind != KIND_COUNT)
		fprintf(file, ";[%s]", kind_name(group->kind));
	return error;
}

static int write_snapshot(const struct model_snapshot *snapshot,
			  const struct export_options *options, FILE *file)
{
	for (size_t i = 0; i < snapshot->group_count; i++) {
		const struct model_group *group = &snapshot->groups[i];
		int error;

		if (group->suppressed || group->count <= 0)
			continue;
		error = folded_write_stack(snapshot, group, options, file);
		if (error)
			return error;
		fprintf(file, " %" PRId64 "\n", group->count);
	}
	return 0;
}

int folded_write(const struct model_snapshot *const *snapshots, size_t count,
		 const struct export_options *options, FILE *file)
{
	size_t newest;
	const struct model_snapshot **kept = format_newest(snapshots, count, &newest);
	int error = kept ? 0 : -ENOMEM;

	for (size_t i = 0; i < newest && error == 0; i++)
		error = write_snapshot(kept[i], options, file);
	free(kept);
	return error;
}
