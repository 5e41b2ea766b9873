// SPDX-License-Identifier: MIT
/* The JSON document of a snapshot, except its groups. See json.h. */
#include "json.h"

#include <string.h>

/* Parses "fdtrail 0.1.0, libunwind 1.6, glibc 2.36, Linux 6.18, x86_64". Members that a later
 * version adds are in text. */
static void put_versions(struct json_writer *json, const char *text)
{
	static const struct {
		const char *word, *key;
	} known[] = {
		{"fdtrail ", "fdtrail"},
		{"libunwind ", "libunwind"},
		{"glibc ", "glibc"},
		{"Linux ", "linux"},
	};
	bool given[sizeof(known) / sizeof(*known)] = {false};

	json_begin_object(json, "versions");
	for (const char *at = text; *at;) {
		const char *end = strstr(at, ", ");
		size_t size = end ? (size_t)(end - at) : strlen(at);

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
			size_t word = strlen(known[i].word);
			char version[256];

			if (given[i] || size <= word || size - word >= sizeof(version) ||
			    strncmp(at, known[i].word, word) != 0)
				continue;
			memcpy(version, at + word, size - word);
			version[size - word] = '\0';
			json_string(json, known[i].key, version);
			given[i] = true;
		}
		at += size + (end ? strlen(", ") : 0);
	}
	json_string(json, "text", text);
	json_end_object(json);
}

static void put_process(struct json_writer *json, const struct model_snapshot *snapshot)
{
	json_begin_object(json, "process");
	json_integer_if_known(json, "pid", snapshot->pid);
	json_string_if_known(json, "program", snapshot->program);
	json_integer_if_known(json, "parent", snapshot->parent);
	json_integer_if_known(json, "user", snapshot->user);
	json_string_if_known(json, "command", snapshot->command);
	json_begin_array(json, "arguments");
	for (size_t i = 0; i < snapshot->argument_count; i++)
		json_string(json, NULL, snapshot->arguments[i]);
	json_end_array(json);
	json_true_if(json, "arguments_cut", snapshot->command_cut);
	json_string_if_known(json, "host", snapshot->host);
	json_seconds_if_known(json, "uptime_seconds", snapshot->uptime);
	json_seconds_if_known(json, "forked_seconds", snapshot->forked);
	json_seconds_if_known(json, "attached_seconds", snapshot->attached);
	json_string_if_known(json, "asked_in", model_field(snapshot, "asked in"));
	json_bool(json, "traced", snapshot->traced);
	json_end_object(json);
}

static void put_limits(struct json_writer *json, const struct model_snapshot *snapshot)
{
	json_begin_object(json, "limits");
	json_integer_if_known(json, "open", snapshot->open);
	if (snapshot->limit == INT64_MAX)
		json_bool(json, "unlimited", true);
	else
		json_integer_if_known(json, "limit", snapshot->limit);
	json_end_object(json);
}

static void put_peak(struct json_writer *json, const struct model_snapshot *snapshot)
{
	if (snapshot->peak == MODEL_UNKNOWN)
		return;
	json_begin_object(json, "peak");
	json_integer(json, "open", snapshot->peak);
	json_integer(json, "with_inherited", snapshot->peak_all);
	json_true_if(json, "at_most", snapshot->peak_at_most);
	json_seconds_if_known(json, "reached_seconds", snapshot->peak_reached);
	if (snapshot->unlisted_stacks) {
		json_integer(json, "unlisted_stacks", snapshot->unlisted_stacks);
		json_integer(json, "unlisted_most", snapshot->unlisted_most);
	}
	json_end_object(json);
}

static void put_end(struct json_writer *json, const struct process_end *end)
{
	if (end->kind == PROCESS_RUNS_ON)
		return;
	json_string(json, "end", process_end_word(end->kind));
	if (end->signal)
		json_integer(json, "end_signal", end->signal);
}

void json_header(struct json_writer *json, const struct model_snapshot *snapshot)
{
	const char *versions = model_field(snapshot, "versions");

	json_begin_object(json, "source");
	json_string_if_known(json, "file", snapshot->source);
	json_integer(json, "line", (int64_t)snapshot->line);
	json_end_object(json);
	json_begin_object(json, "snapshot");
	json_integer_if_known(json, "version", snapshot->version);
	json_integer_if_known(json, "number", snapshot->number);
	json_string_if_known(json, "why", snapshot->why);
	json_string_if_known(json, "limit_reached", model_field(snapshot, "limit reached"));
	put_end(json, &snapshot->end);
	json_string_if_known(json, "when", snapshot->when);
	json_string_if_known(json, "kinds", model_field(snapshot, "kinds"));
	json_bool(json, "complete", snapshot->whole);
	json_true_if(json, "mixed", snapshot->mixed);
	json_true_if(json, "redacted", snapshot->redacted);
	json_integer(json, "unknown_lines", (int64_t)snapshot->unknown_lines);
	json_end_object(json);
	put_process(json, snapshot);
	put_limits(json, snapshot);
	if (versions)
		put_versions(json, versions);
	json_begin_object(json, "unclosed");
	json_integer_if_known(json, "count", snapshot->unclosed);
	json_integer_if_known(json, "inherited", snapshot->inherited);
	json_string_if_known(json, "unknown", snapshot->unread);
	json_end_object(json);
	put_peak(json, snapshot);
}

static void put_modules(struct json_writer *json, const struct model_snapshot *snapshot)
{
	json_begin_array(json, "modules");
	for (size_t i = 0; i < snapshot->module_count; i++) {
		const struct model_module *module = &snapshot->modules[i];

		json_begin_object(json, NULL);
		json_string_if_known(json, "path", module->path);
		json_address(json, "start", module->start);
		json_address(json, "end", module->end);
		json_string_if_known(json, "build_id", module->build_id);
		json_string_if_known(json, "library_of", module->library_of);
		json_true_if(json, "unloaded", module->unloaded);
		json_string_if_known(json, "trouble", module->trouble);
		json_end_object(json);
	}
	json_end_array(json);
}

static void put_marks(struct json_writer *json, const struct model_snapshot *snapshot)
{
	json_begin_array(json, "marks");
	for (size_t i = 0; i < snapshot->mark_count; i++) {
		const struct model_mark *mark = &snapshot->marks[i];

		json_begin_object(json, NULL);
		json_integer(json, "number", mark->number);
		json_string(json, "text", mark->text);
		json_seconds(json, "after_seconds", mark->at);
		json_integer(json, "open", mark->open);
		json_end_object(json);
	}
	json_end_array(json);
}

static void put_lines(struct json_writer *json, const char *key, const char **lines, size_t count)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < count; i++)
		json_string(json, NULL, lines[i]);
	json_end_array(json);
}

void json_members(struct json_writer *json, const struct model_snapshot *snapshot,
		  const struct export_options *options)
{
	json_integer(json, "schema_version", JSON_SCHEMA_VERSION);
	json_header(json, snapshot);
	json_groups(json, snapshot, options);
	json_peaks(json, snapshot, options);
	json_misuses(json, snapshot, options);
	put_marks(json, snapshot);
	put_modules(json, snapshot);
	put_lines(json, "not_listed", snapshot->not_listed, snapshot->not_listed_count);
	put_lines(json, "not_seen", snapshot->not_seen, snapshot->not_seen_count);
}

int json_write(const struct model_snapshot *const *snapshots, size_t count,
	       const struct export_options *options, FILE *file)
{
	struct json_writer json = {.file = file};

	for (size_t i = 0; i < count; i++) {
		json_begin_object(&json, NULL);
		json_members(&json, snapshots[i], options);
		json_end_object(&json);
		json_end_document(&json);
	}
	return 0;
}
