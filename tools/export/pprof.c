// SPDX-License-Identifier: MIT
/* See pprof.h. */
#include "pprof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pprof_fields.h"
#include "pprof_tables.h"
#include "protobuf.h"
#include "tools/reader/snapshot_time.h"
#include "stack_id.h"
#include "tools/model/stack_lines.h"
#include "tally.h"

/* A profile while it is built. */
struct profile {
	struct protobuf text; /* the whole profile */
	struct protobuf sample, nested;
	struct pprof_tables *tables;
	const struct export_options *options;
	uint64_t *comments; /* string indices */
	size_t comment_count;
	int64_t time_ms; /* of the newest snapshot */
};

static void put_value_type(struct profile *profile, const char *type, const char *unit)
{
	protobuf_clear(&profile->nested);
	protobuf_number(&profile->nested, VALUE_TYPE, pprof_string(profile->tables, type));
	protobuf_number(&profile->nested, VALUE_UNIT, pprof_string(profile->tables, unit));
	protobuf_message(&profile->text, PROFILE_SAMPLE_TYPE, &profile->nested);
}

static void put_label(struct profile *profile, const char *key, const char *value)
{
	if (!value)
		return;
	protobuf_clear(&profile->nested);
	protobuf_number(&profile->nested, LABEL_KEY, pprof_string(profile->tables, key));
	protobuf_number(&profile->nested, LABEL_STRING, pprof_string(profile->tables, value));
	protobuf_message(&profile->sample, SAMPLE_LABEL, &profile->nested);
}

/* The ids of the locations of a group's stack, innermost first, to free(3). */
static int group_locations(struct profile *profile, const struct model_snapshot *snapshot,
			   const struct model_group *group, uint64_t **locations, size_t *count)
{
	struct stack_line *lines;
	size_t line_count;
	int error = stack_lines(snapshot, group, profile->options->collapse_runtime, &lines,
				&line_count);

	if (error)
		return error;
	*count = 0;
	*locations = calloc(line_count, sizeof(**locations));
	if (!*locations) {
		free(lines);
		return -ENOMEM;
	}
	for (size_t i = 0; i < line_count; i++) {
		if (!lines[i].frame)
			(*locations)[(*count)++] = pprof_marker(profile->tables, lines[i].marker);
		else if (lines[i].location == 0) /* a location includes its inlined functions */
			(*locations)[(*count)++] = pprof_location(profile->tables, lines[i].frame);
	}
	free(lines);
	return 0;
}

/* Converts a sum of seconds to milliseconds. A bad text may have absurd times. */
static uint64_t milliseconds(double seconds)
{
	return seconds < 9e15 ? (uint64_t)(seconds * 1000 + 0.5) : UINT64_C(9000000000000000000);
}

static int put_group(struct profile *profile, const struct model_snapshot *snapshot,
		     const struct model_group *group)
{
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT);
	struct tally_row rows[TALLY_ROWS];
	size_t row_count = tally_group(group, rows), location_count;
	bool has_id = opened && opened->frame_count;
	char id[STACK_ID_SIZE], pid[24];
	uint64_t *locations;
	int error = group_locations(profile, snapshot, group, &locations, &location_count);

	if (error)
		return error;
	if (has_id)
		stack_id(opened, id);
	snprintf(pid, sizeof(pid), "%" PRId64, snapshot->pid);
	for (size_t i = 0; i < row_count; i++) {
		const struct tally_row *row = &rows[i];

		protobuf_clear(&profile->sample);
		protobuf_packed(&profile->sample, SAMPLE_LOCATION, locations, location_count);
		protobuf_packed(&profile->sample, SAMPLE_VALUE,
				(uint64_t[]){(uint64_t)row->count, milliseconds(row->age)}, 2);
		put_label(profile, "kind", row->kind < KIND_COUNT ? kind_name(row->kind) : NULL);
		put_label(profile, "state", row->state);
		put_label(profile, "program", snapshot->program);
		put_label(profile, "pid", snapshot->pid >= 0 ? pid : NULL);
		put_label(profile, "stack", has_id ? id : NULL);
		protobuf_message(&profile->text, PROFILE_SAMPLE, &profile->sample);
	}
	free(locations);
	return 0;
}

static int put_comment(struct profile *profile, const struct model_snapshot *snapshot)
{
	bool all_listed = true;
	char *text, pid[24];

	for (size_t i = 0; i < snapshot->group_count; i++)
		if ((int64_t)snapshot->groups[i].descriptor_count < snapshot->groups[i].count)
			all_listed = false;
	snprintf(pid, sizeof(pid), "%" PRId64, snapshot->pid);
	if (asprintf(&text, "%s, process %s%s%s%s%s%s%s%s%s",
		     snapshot->program ? snapshot->program : "unknown program",
		     snapshot->pid >= 0 ? pid : "unknown", snapshot->host ? " on " : "",
		     snapshot->host ? snapshot->host : "", snapshot->when ? ", " : "",
		     snapshot->when ? snapshot->when : "", snapshot->why ? ": " : "",
		     snapshot->why ? snapshot->why : "",
		     snapshot->whole ? "" : "; the snapshot is cut off",
		     all_listed ? "" : "; ages are only of the listed descriptors") < 0)
		return -ENOMEM;
	profile->comments[profile->comment_count++] = pprof_string(profile->tables, text);
	free(text);
	return 0;
}

static int put_snapshot(struct profile *profile, const struct model_snapshot *snapshot)
{
	int64_t time_ms = snapshot_time_ms(snapshot->when);

	if (time_ms > profile->time_ms)
		profile->time_ms = time_ms;
	pprof_begin_snapshot(profile->tables, snapshot);
	for (size_t i = 0; i < snapshot->group_count; i++) {
		const struct model_group *group = &snapshot->groups[i];
		int error = group->suppressed ? 0 : put_group(profile, snapshot, group);

		if (error)
			return error;
	}
	return put_comment(profile, snapshot);
}

/* Writes text compressed as gzip(1) does, without a name and a time. */
static int write_gzip(const struct protobuf *text, FILE *file)
{
	/* Added to the window's size "to write a simple gzip header", zlib.h. */
	enum { GZIP = 16 };
	z_stream stream = {.next_in = text->data, .avail_in = (uInt)text->size};
	uint8_t chunk[16384] = {0};
	int result = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP, 8,
				  Z_DEFAULT_STRATEGY);

	if (result != Z_OK)
		return -ENOMEM;
	do {
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		result = deflate(&stream, Z_FINISH);
		fwrite(chunk, 1, sizeof(chunk) - stream.avail_out, file);
	} while (result == Z_OK);
	deflateEnd(&stream);
	return result == Z_STREAM_END ? 0 : -EIO;
}

static int write_profile(struct profile *profile, const struct model_snapshot *const *snapshots,
			 size_t count, FILE *file)
{
	int error = 0;

	put_value_type(profile, "open_fds", "count");
	put_value_type(profile, "age", "milliseconds");
	for (size_t i = 0; i < count && error == 0; i++)
		error = put_snapshot(profile, snapshots[i]);
	if (error)
		return error;
	protobuf_packed(&profile->text, PROFILE_COMMENT, profile->comments, profile->comment_count);
	protobuf_number(&profile->text, PROFILE_TIME_NANOS, (uint64_t)profile->time_ms * 1000000);
	protobuf_number(&profile->text, PROFILE_DEFAULT_SAMPLE_TYPE,
			pprof_string(profile->tables, "open_fds"));
	if (!pprof_tables_encode(profile->tables, &profile->text) || profile->text.failed)
		return -ENOMEM;
	return write_gzip(&profile->text, file);
}

int pprof_write(const struct model_snapshot *const *snapshots, size_t count,
		const struct export_options *options, FILE *file)
{
	size_t newest;
	const struct model_snapshot **kept = format_newest(snapshots, count, &newest);
	struct profile profile = {
		.options = options,
		.tables = pprof_tables_create(),
		.comments = calloc(count + 1, sizeof(*profile.comments)),
	};
	int error = -ENOMEM;

	if (kept && profile.tables && profile.comments)
		error = write_profile(&profile, kept, newest, file);
	free(profile.comments);
	pprof_tables_destroy(profile.tables);
	protobuf_finish(&profile.text);
	protobuf_finish(&profile.sample);
	protobuf_finish(&profile.nested);
	free(kept);
	return error;
}
