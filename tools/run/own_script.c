// SPDX-License-Identifier: MIT
/* See own_script.h. */
#include "own_script.h"

#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"

/* Shells leave lower numbers to scripts: exec 3<file. */
enum { MOVED_TO = 10 };

/* Whether name, from the command line, is a link to the file path, which the descriptor refers
 * to. */
static bool is_link_to(const char *name, const char *path)
{
	char *resolved = *name == '/' ? realpath(name, NULL) : NULL;
	bool same = resolved && strcmp(resolved, path) == 0;

	free(resolved);
	return same;
}

/* Whether the file is on the command line. Only the base names are compared, because the command
 * line may be relative to another folder. */
static bool is_argument(const struct model_snapshot *snapshot, const char *path)
{
	for (size_t i = 1; i < snapshot->argument_count; i++)
		if (strcmp(base_name(snapshot->arguments[i]), base_name(path)) == 0 ||
		    is_link_to(snapshot->arguments[i], path))
			return true;
	return false;
}

static bool is_script(const struct model_snapshot *snapshot, const struct model_group *group)
{
	const struct model_descriptor *descriptor = group->descriptors;

	return group->origin == MODEL_OPENED && group->count == 1 && group->descriptor_count == 1 &&
	       descriptor->kind == KIND_FILE && descriptor->what && descriptor->duplicated &&
	       !descriptor->no_cloexec && descriptor->fd >= MOVED_TO &&
	       descriptor->access == MODEL_READ && is_argument(snapshot, descriptor->what);
}

void own_script_leave_out(struct model_snapshot *snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];

		if (!is_script(snapshot, group))
			snapshot->groups[kept++] = *group;
		else if (snapshot->unclosed > 0)
			snapshot->unclosed--;
	}
	snapshot->group_count = kept;
}
