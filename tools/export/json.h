// SPDX-License-Identifier: MIT
/*
 * Snapshots as JSON, one document a line (JSON Lines). fdtrail-json(5) is the schema.
 * JSON_SCHEMA_VERSION rises if a program that knows the previous version could misread a document.
 * Unknown members are left out; arrays are always there.
 */
#pragma once

#include "format.h"
#include "json_writer.h"

enum { JSON_SCHEMA_VERSION = 1 };

/* Writes a document for each snapshot. Always returns 0. */
int json_write(const struct model_snapshot *const *snapshots, size_t count,
	       const struct export_options *options, FILE *file);

/* Writes all members of a snapshot's document to the open object. */
void json_members(struct json_writer *json, const struct model_snapshot *snapshot,
		  const struct export_options *options);

/* Writes members of the open object that describe the snapshot ("process", "snapshot", "source",
 * ...). */
void json_header(struct json_writer *json, const struct model_snapshot *snapshot);

/* Writes the array "groups": all groups. */
void json_groups(struct json_writer *json, const struct model_snapshot *snapshot,
		 const struct export_options *options);

/* Writes the array "peaks": stacks that have no group left. */
void json_peaks(struct json_writer *json, const struct model_snapshot *snapshot,
		const struct export_options *options);

/* Writes the array "misuses", and how many there were. */
void json_misuses(struct json_writer *json, const struct model_snapshot *snapshot,
		  const struct export_options *options);

/* Writes members of the open object that identify a group: kind, origin, stacks and stack_id.
 * Counts and descriptors are left out. For groups and for diff. */
void json_group_identity(struct json_writer *json, const struct model_group *group,
			 const struct export_options *options);

/* Writes the members that tell where the descriptors of the opening stack were closed: closed_at
 * and closed_elsewhere. For groups and for diff. */
void json_group_closers(struct json_writer *json, const struct model_group *group,
			const struct export_options *options);
