// SPDX-License-Identifier: MIT
/*
 * SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): a result for each group that fails, and for
 * each line on limits. Files below the current directory have relative URIs, as GitHub's code
 * scanning needs them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tools/export/json_writer.h"
#include "tools/export/stack_id.h"
#include "tools/model/stack_lines.h"
#include "tools/report/page.h"
#include "ci_format.h"

static const struct {
	const char *id, *text;
} rules[] = {
	{"descriptor-leak", "A program leaves descriptors open that it has opened."},
	{"limit", "A program breaks a limit on open descriptors."},
	{"unknown", "It isn't known whether a program leaks descriptors."},
};

enum rule { RULE_LEAK, RULE_LIMIT, RULE_UNKNOWN, RULES };
_Static_assert(sizeof(rules) / sizeof(*rules) == RULES, "each rule has its row");

static void put_text(struct json_writer *json, const char *key, const char *text)
{
	json_begin_object(json, key);
	json_string(json, "text", text);
	json_end_object(json);
}

/* Writes a path as a URI reference (RFC 3986). */
static void put_uri(struct json_writer *json, const struct ci_place *place)
{
	const char *path = place->relative ? place->relative : place->file;
	char *uri = NULL;
	size_t size;
	FILE *out = open_memstream(&uri, &size);

	if (!out)
		return;
	if (*path == '/')
		fputs("file://", out);
	for (; *path; path++) {
		unsigned char byte = (unsigned char)*path;

		if (byte < 0x80 && (isalnum(byte) || strchr("/-._~", byte)))
			putc(byte, out);
		else
			fprintf(out, "%%%02X", byte);
	}
	fclose(out);
	json_begin_object(json, "artifactLocation");
	json_string(json, "uri", uri);
	json_end_object(json);
	free(uri);
}

/* Writes the members of a location object. */
static void put_location(struct json_writer *json, const struct ci_place *place)
{
	char name[LINE_NAME_SIZE];
	char *function = page_safe(frame_name(place->frame, place->location, name));

	if (place->file) {
		json_begin_object(json, "physicalLocation");
		put_uri(json, place);
		if (place->line > 0) {
			json_begin_object(json, "region");
			json_integer(json, "startLine", place->line);
			json_end_object(json);
		}
		json_end_object(json);
	}
	json_begin_array(json, "logicalLocations");
	json_begin_object(json, NULL);
	json_string(json, "fullyQualifiedName", function);
	json_string(json, "kind", "function");
	json_end_object(json);
	json_end_array(json);
	free(function);
}

static void put_stack(struct json_writer *json, const struct model_stack *stack)
{
	json_begin_array(json, "stacks");
	json_begin_object(json, NULL);
	json_begin_array(json, "frames");
	for (size_t i = 0; i < stack->frame_count; i++) {
		const struct model_frame *frame = &stack->frames[i];
		size_t locations = frame->location_count ? frame->location_count : 1;

		for (size_t j = 0; j < locations && !frame->interpreter; j++) {
			struct ci_place place = ci_place_of(frame, j);

			json_begin_object(json, NULL);
			json_begin_object(json, "location");
			put_location(json, &place);
			json_end_object(json);
			json_end_object(json);
		}
	}
	json_end_array(json);
	json_end_object(json);
	json_end_array(json);
}

static void begin_result(struct json_writer *json, enum rule rule, const char *text)
{
	json_begin_object(json, NULL);
	json_string(json, "ruleId", rules[rule].id);
	json_integer(json, "ruleIndex", rule);
	json_string(json, "level", "error");
	put_text(json, "message", text);
}

static void put_group(struct json_writer *json, const struct ci_process *process,
		      const struct model_group *group)
{
	const struct model_stack *stack = group_stack(group);
	struct ci_place place = ci_place(group);
	enum ci_outcome outcome = ci_outcome(process, group);

	if (outcome != CI_FAILED && outcome != CI_SUPPRESSED)
		return;
	char *sentence = ci_sentence(group), id[STACK_ID_SIZE];
	begin_result(json, RULE_LEAK, sentence);
	json_begin_array(json, "locations");
	if (place.frame) {
		json_begin_object(json, NULL);
		put_location(json, &place);
		json_end_object(json);
	}
	json_end_array(json);
	if (stack) {
		put_stack(json, stack);
		stack_id(stack, id);
		json_begin_object(json, "partialFingerprints");
		json_string(json, "fdtrailStack/v1", id);
		json_end_object(json);
	}
	if (outcome == CI_SUPPRESSED) {
		json_begin_array(json, "suppressions");
		json_begin_object(json, NULL);
		json_string(json, "kind", "external");
		json_end_object(json);
		json_end_array(json);
	}
	json_end_object(json);
	free(sentence);
}

static void put_lines(struct json_writer *json, const struct ci_process *process)
{
	char *lines = strdup(process->lines), *rest = lines, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line) {
			begin_result(json,
				     process->verdict == LIMITS_UNKNOWN ? RULE_UNKNOWN : RULE_LIMIT,
				     line);
			json_end_object(json);
		}
	free(lines);
}

static void put_tool(struct json_writer *json)
{
	json_begin_object(json, "tool");
	json_begin_object(json, "driver");
	json_string(json, "name", "fdtrail");
	json_string(json, "version", FDTRAIL_VERSION);
	json_begin_array(json, "rules");
	for (size_t i = 0; i < RULES; i++) {
		json_begin_object(json, NULL);
		json_string(json, "id", rules[i].id);
		put_text(json, "shortDescription", rules[i].text);
		json_end_object(json);
	}
	json_end_array(json);
	json_end_object(json);
	json_end_object(json);
}

void sarif_write(const struct ci_process *processes, size_t count, FILE *file)
{
	struct json_writer json = {.file = file};

	json_begin_object(&json, NULL);
	json_string(&json, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_string(&json, "version", "2.1.0");
	json_begin_array(&json, "runs");
	json_begin_object(&json, NULL);
	put_tool(&json);
	json_begin_array(&json, "results");
	for (size_t i = 0; i < count; i++) {
		const struct model_snapshot *snapshot = processes[i].snapshot;

		for (size_t j = 0; snapshot && j < snapshot->group_count; j++)
			put_group(&json, &processes[i], &snapshot->groups[j]);
		put_lines(&json, &processes[i]);
	}
	json_end_array(&json);
	json_end_object(&json);
	json_end_array(&json);
	json_end_object(&json);
	json_end_document(&json);
}
