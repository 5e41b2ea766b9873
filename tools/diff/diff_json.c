// SPDX-License-Identifier: MIT
/* The comparison of two snapshots as one JSON document: see fdtrail-json(5). */
#include "tools/export/json.h"
#include "diff_format.h"

static void put_side(struct json_writer *json, const char *key,
		     const struct model_snapshot *snapshot)
{
	json_begin_object(json, key);
	json_header(json, snapshot);
	json_end_object(json);
}

static void put_summary(struct json_writer *json, const struct diff *diff)
{
	size_t counts[DIFF_CHANGES];

	diff_tally(diff, counts);
	json_begin_object(json, "summary");
	for (int change = 0; change < DIFF_CHANGES; change++)
		json_integer(json, diff_change_name((enum diff_change)change),
			     (int64_t)counts[change]);
	json_end_object(json);
}

/* The groups that an entry is made of, each with its stack. */
static void put_parts(struct json_writer *json, const struct diff_entry *entry,
		      const struct export_options *options)
{
	json_begin_array(json, "parts");
	for (size_t i = 0; i < entry->member_count; i++) {
		const struct finding_item *member = &entry->members[i];

		json_begin_object(json, NULL);
		json_string(json, "side", member->is_new ? "new" : "old");
		json_integer(json, "number", member->group->number);
		json_integer(json, "count", member->group->count);
		json_group_identity(json, member->group, options);
		json_group_closers(json, member->group, options);
		json_end_object(json);
	}
	json_end_array(json);
}

int diff_write_json(const struct diff *diff, const struct diff_options *options, FILE *file)
{
	struct json_writer json = {.file = file};

	json_begin_object(&json, NULL);
	json_integer(&json, "schema_version", JSON_SCHEMA_VERSION);
	put_side(&json, "old", diff->old);
	put_side(&json, "new", diff->new);
	json_string_if_known(&json, "rebuilt", diff_rebuilt(diff));
	put_summary(&json, diff);
	json_begin_array(&json, "changes");
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_entry *entry = &diff->entries[i];

		json_begin_object(&json, NULL);
		json_string(&json, "change", diff_change_name(entry->change));
		json_integer(&json, "old_count", entry->old_count);
		json_integer(&json, "new_count", entry->new_count);
		json_integer(&json, "growth", diff_growth(entry));
		json_group_identity(&json, diff_group(entry), &options->export);
		put_parts(&json, entry, &options->export);
		json_end_object(&json);
	}
	json_end_array(&json);
	json_end_object(&json);
	json_end_document(&json);
	return 0;
}
