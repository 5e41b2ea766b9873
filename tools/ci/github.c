// SPDX-License-Identifier: MIT
/*
 * Workflow commands of GitHub Actions: an annotation beside the line that leaks. Their escapes:
 * docs.github.com, "Workflow commands for GitHub Actions", and escapeData and escapeProperty in
 * actions/toolkit, packages/core/src/command.ts.
 */
#include <stdlib.h>
#include <string.h>

#include "ci_format.h"

/* property: it stands between commas. */
static void put(FILE *file, const char *text, bool property)
{
	for (; *text; text++) {
		if (strchr("%\r\n", *text) || (property && strchr(":,", *text)))
			fprintf(file, "%%%02X", (unsigned int)(unsigned char)*text);
		else
			putc(*text, file);
	}
}

static void put_group(const struct ci_process *process, const struct model_group *group, FILE *file)
{
	struct ci_place place = ci_place(group);
	char *program = ci_program(process), *report = ci_report(group);
	const char *path = place.relative ? place.relative : place.file;

	fputs("::error ", file);
	if (path) {
		fputs("file=", file);
		put(file, path, true);
		putc(',', file);
		if (place.line)
			fprintf(file, "line=%d,", place.line);
	}
	fputs("title=descriptor leak in ", file);
	put(file, program, true);
	fputs("::", file);
	if (*report)
		report[strlen(report) - 1] = '\0'; /* the last newline */
	put(file, report, false);
	putc('\n', file);
	free(program);
	free(report);
}

/* A line on limits, which concern no group alone. */
static void put_lines(const struct ci_process *process, FILE *file)
{
	char *lines = strdup(process->lines), *rest = lines, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line) {
			fprintf(file, "::error title=fdtrail%s::",
				process->verdict == LIMITS_UNKNOWN ? " can't tell" : "");
			put(file, line, false);
			putc('\n', file);
		}
	free(lines);
}

void github_write(const struct ci_process *processes, size_t count, FILE *file)
{
	for (size_t i = 0; i < count; i++) {
		const struct model_snapshot *snapshot = processes[i].snapshot;

		for (size_t j = 0; snapshot && j < snapshot->group_count; j++)
			if (ci_outcome(&processes[i], &snapshot->groups[j]) == CI_FAILED)
				put_group(&processes[i], &snapshot->groups[j], file);
		put_lines(&processes[i], file);
	}
}
