// SPDX-License-Identifier: MIT
/*
 * The limit --max-inheritable: descriptors that the process has opened, and that a program which it
 * executes now would get. Only the descriptors' lines tell it, so the snapshot has to list all.
 */
#include <inttypes.h>

#include "limits_check.h"

/* Counts the group's descriptors of wanted kinds into count, and those that the snapshot doesn't
 * list into unlisted. */
static void count_group(const struct check *check, const struct model_group *group, int64_t *count,
			int64_t *unlisted)
{
	if (group->part_count) {
		for (size_t i = 0; i < group->part_count; i++)
			count_group(check, group->parts[i], count, unlisted);
		return;
	}
	if (group->kind != KIND_COUNT && !(check->limits->kinds & KIND_BIT(group->kind)))
		return;
	for (size_t i = 0; i < group->descriptor_count; i++)
		*count += model_is_inheritable(&group->descriptors[i]) &&
			  check->limits->kinds & KIND_BIT(group->descriptors[i].kind);
	*unlisted = model_add(*unlisted, group->count - (int64_t)group->descriptor_count);
}

void limits_check_inheritable(struct check *check)
{
	struct model_snapshot *snapshot = check->snapshot;
	int64_t limit = check->limits->inheritable, sum = 0, unlisted = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];
		int64_t count = 0;

		if (group->suppressed || limits_is_inherited(group))
			continue;
		count_group(check, group, &count, &unlisted);
		sum = model_add(sum, count);
	}
	if (sum <= limit) {
		if (model_add(sum, unlisted) > limit)
			limits_say(check, LIMITS_UNKNOWN,
				   "--max-inheritable %" PRId64
				   ": the snapshot does not list %" PRId64
				   " descriptor%s (FDTRAIL_SHOW=all lists them)",
				   limit, unlisted, unlisted == 1 ? "" : "s");
		return;
	}
	limits_say(check, LIMITS_BROKEN,
		   "--max-inheritable %" PRId64 ": %" PRId64 "%s open without close-on-exec", limit,
		   sum, unlisted ? " or more" : "");
	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];
		int64_t count = 0;

		if (!group->suppressed && !limits_is_inherited(group))
			count_group(check, group, &count, &unlisted);
		group->broken |= count > 0;
	}
}
