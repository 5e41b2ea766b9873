// SPDX-License-Identifier: MIT
/*
 * Snapshots as JSON, one document a line (JSON Lines). The schema is what fdtrail-json(5) says;
 * what changes so that a program that read the last one could misread it raises
 * JSON_SCHEMA_VERSION. Members that are not known are left out; arrays are always there.
 */
#pragma once

#include "format.h"
#include "json_writer.h"

enum { JSON_SCHEMA_VERSION = 1 };

/* A whole document for each snapshot. */
int json_write(const struct model_snapshot *const *snapshots, size_t count,
	       const struct export_options *options, FILE *file);

/* Members of the object that is open: whose snapshot it is ("process", "snapshot", "source", ...).
 */
void json_header(struct json_writer *json, const struct model_snapshot *snapshot);

/* An array, "groups", of all groups. */
void json_groups(struct json_writer *json, const struct model_snapshot *snapshot,
		 const struct export_options *options);

/* An array, "peaks", of stacks of which no group is left. */
void json_peaks(struct json_writer *json, const struct model_snapshot *snapshot,
		const struct export_options *options);

/* Members of the object that is open: the group's kind, origin, stacks and stack_id, which tell
 * what it is, without its figures and its descriptors; for diff. */
void json_group_identity(struct json_writer *json, const struct model_group *group,
			 const struct export_options *options);
