// SPDX-License-Identifier: MIT
/* The documents of fdtrail-json(5), with the result of a check: a line a process. */
#include <stdlib.h>
#include <string.h>

#include "tools/export/json.h"
#include "ci_format.h"

static void put_check(struct json_writer *json, const struct ci_process *process)
{
	static const char *const words[] = {
		[LIMITS_KEPT] = "kept",
		[LIMITS_UNKNOWN] = "unknown",
		[LIMITS_BROKEN] = "broken",
	};
	char *lines = strdup(process->lines), *rest = lines, *line;

	json_begin_object(json, "check");
	if (process->limited)
		json_string(json, "limits", words[process->verdict]);
	json_begin_array(json, "lines");
	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			json_string(json, NULL, line);
	json_end_array(json);
	json_end_object(json);
	free(lines);
}

void ci_json_write(const struct ci_process *processes, size_t count, FILE *file)
{
	static const struct export_options options;
	struct json_writer json = {.file = file};

	for (size_t i = 0; i < count; i++) {
		json_begin_object(&json, NULL);
		if (processes[i].snapshot)
			json_members(&json, processes[i].snapshot, &options);
		else
			json_integer(&json, "schema_version", JSON_SCHEMA_VERSION);
		put_check(&json, &processes[i]);
		json_end_object(&json);
		json_end_document(&json);
	}
}
