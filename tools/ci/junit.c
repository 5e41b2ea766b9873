// SPDX-License-Identifier: MIT
/*
 * JUnit's XML. There is no standard: the elements and attributes are those that Jenkins' JUnit
 * plugin and GitLab ("Unit test reports") read. Test cases are compared between builds by class and
 * name, so a name has no numbers that change from run to run.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/utf8.h"
#include "ci_format.h"

/* Writes text as character data or as an attribute. Characters that XML 1.0 can't hold, even as
 * references, become U+FFFD (2.2, "Char"). */
static void put(FILE *file, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	while (at < end) {
		uint32_t character = 0;
		size_t length = utf8_decode(at, (size_t)(end - at), &character);
		bool is_allowed = length &&
				  (character >= 0x20 || strchr("\t\n\r", (int)character)) &&
				  character != 0xfffe && character != 0xffff;

		if (!is_allowed)
			fputs("\xef\xbf\xbd", file);
		else if (character < 0x20 || (character < 0x80 && strchr("&<>\"'", (int)character)))
			fprintf(file, "&#%u;", (unsigned int)character);
		else
			fwrite(at, 1, length, file);
		at += length ? length : 1;
	}
}

/* Character data: line ends stay as they are. */
static void put_lines(FILE *file, const char *text)
{
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		char *line = strndup(text, (size_t)(end - text));

		put(file, line ? line : "");
		putc('\n', file);
		free(line);
	}
	put(file, text);
}

static void put_attribute(FILE *file, const char *name, const char *text)
{
	fprintf(file, " %s=\"", name);
	put(file, text);
	putc('"', file);
}

static void begin_case(FILE *file, const char *program, const char *name)
{
	char *class = NULL;

	fputs("    <testcase", file);
	if (asprintf(&class, "fdtrail.%s", program) >= 0) {
		put_attribute(file, "classname", class);
		free(class);
	}
	put_attribute(file, "name", name);
	fputs(" time=\"0\"", file);
}

static void put_group(const struct ci_process *process, const struct model_group *group,
		      const char *program, FILE *file)
{
	enum ci_outcome outcome = ci_outcome(process, group);
	struct ci_place place = ci_place(group);
	const char *path = place.relative ? place.relative : place.file;

	if (outcome == CI_LEFT_OUT)
		return;
	char *name = ci_name(group), *sentence = ci_sentence(group);
	begin_case(file, program, name);
	if (path)
		put_attribute(file, "file", path);
	if (path && place.line)
		fprintf(file, " line=\"%d\"", place.line);
	if (outcome == CI_FAILED) {
		char *report = ci_report(group);

		fputs(">\n      <failure type=\"leak\"", file);
		put_attribute(file, "message", sentence);
		fputs(">", file);
		put_lines(file, report);
		fputs("</failure>\n    </testcase>\n", file);
		free(report);
	} else if (outcome == CI_SUPPRESSED) {
		fputs(">\n      <skipped message=\"suppressed\"/>\n    </testcase>\n", file);
	} else {
		fputs("/>\n", file);
	}
	free(name);
	free(sentence);
}

/* The limits of the process as a whole: a case of its own. */
static void put_limits(const struct ci_process *process, const char *program, FILE *file)
{
	const char *element = process->verdict == LIMITS_UNKNOWN ? "error" : "failure";
	char *first = strndup(process->lines, strcspn(process->lines, "\n"));

	begin_case(file, program, "limits");
	if (ci_limits_fail(process)) {
		fprintf(file, ">\n      <%s type=\"limit\"", element);
		put_attribute(file, "message", first ? first : "");
		fputs(">", file);
		put_lines(file, process->lines);
		fprintf(file, "</%s>\n    </testcase>\n", element);
	} else {
		fputs("/>\n", file);
	}
	free(first);
}

struct tally {
	size_t tests, failures, errors, skipped;
};

static void count_process(const struct ci_process *process, struct tally *tally)
{
	const struct model_snapshot *snapshot = process->snapshot;

	for (size_t i = 0; snapshot && i < snapshot->group_count; i++) {
		enum ci_outcome outcome = ci_outcome(process, &snapshot->groups[i]);

		tally->tests += outcome != CI_LEFT_OUT;
		tally->failures += outcome == CI_FAILED;
		tally->skipped += outcome == CI_SUPPRESSED;
	}
	tally->tests++;
	tally->failures += process->verdict == LIMITS_BROKEN;
	tally->errors += process->verdict == LIMITS_UNKNOWN;
}

static void put_tally(FILE *file, const struct tally *tally)
{
	fprintf(file, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"0\"",
		tally->tests, tally->failures, tally->errors, tally->skipped);
}

static void put_process(const struct ci_process *process, FILE *file)
{
	const struct model_snapshot *snapshot = process->snapshot;
	char *program = ci_program(process);
	struct tally tally = {0};

	count_process(process, &tally);
	fputs("  <testsuite", file);
	put_attribute(file, "name", program);
	put_tally(file, &tally);
	if (snapshot && snapshot->when)
		put_attribute(file, "timestamp", snapshot->when);
	fputs(">\n", file);
	if (snapshot && snapshot->pid != MODEL_UNKNOWN)
		fprintf(file,
			"    <properties>\n      <property name=\"pid\" value=\"%lld\"/>\n"
			"    </properties>\n",
			(long long)snapshot->pid);
	for (size_t i = 0; snapshot && i < snapshot->group_count; i++)
		put_group(process, &snapshot->groups[i], program, file);
	put_limits(process, program, file);
	fputs("  </testsuite>\n", file);
	free(program);
}

void junit_write(const struct ci_process *processes, size_t count, FILE *file)
{
	struct tally tally = {0};

	for (size_t i = 0; i < count; i++)
		count_process(&processes[i], &tally);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"fdtrail\"", file);
	put_tally(file, &tally);
	fputs(">\n", file);
	for (size_t i = 0; i < count; i++)
		put_process(&processes[i], file);
	fputs("</testsuites>\n", file);
}
