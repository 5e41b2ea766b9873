// SPDX-License-Identifier: MIT
/*
 * See html_process.h. The report's own texts (report.h) stand in it, so that page and terminal
 * never differ; only the table of findings is made here.
 */
#include "html_process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/model/stack_lines.h"
#include "tools/report/heading.h"
#include "tools/report/page.h"
#include "tools/report/report.h"
#include "tools/report/text_summary.h"
#include "html_text.h"

/* Two snapshots can't tell a staircase from one step, which their growth shows anyway. */
enum { SNAPSHOTS_NEEDED = 3 };

/* A text while it is written. */
struct capture {
	char *text;
	size_t size;
	FILE *file;
};

static FILE *capture_begin(struct capture *capture)
{
	*capture = (struct capture){0};
	capture->file = open_memstream(&capture->text, &capture->size);
	return capture->file;
}

/* Returns the text, which the caller frees; NULL: no memory. */
static char *capture_end(struct capture *capture)
{
	if (fclose(capture->file) == 0)
		return capture->text;
	free(capture->text);
	return NULL;
}

/* Whether as many or more were open at each later snapshot, and still more in the second half than
 * before: a pool that has filled does not climb. */
static bool has_climbed(const struct model_snapshot *snapshot, const struct model_group *group)
{
	size_t last = snapshot->history_count;

	if (!group->history || last-- < SNAPSHOTS_NEEDED || !text_summary_may_leak(group))
		return false;
	for (size_t i = 0; i < last; i++)
		if (group->history[i] > group->history[i + 1])
			return false;
	return group->history[last] > group->history[(last + 1) / 2];
}

const char *html_evidence(const struct model_snapshot *snapshot, const struct model_group *group,
			  bool *leaks)
{
	enum text_suspicion suspicion = text_summary_suspicion(group);
	bool climbed = has_climbed(snapshot, group);

	*leaks = !group->suppressed && (climbed || suspicion != TEXT_NOTHING);
	if (group->suppressed)
		return "suppressed";
	if (climbed || suspicion == TEXT_GROWING)
		return "growing";
	if (suspicion == TEXT_CLOSE_WAIT)
		return "in CLOSE_WAIT";
	return group == text_summary_first(snapshot) ? "look here first" : NULL;
}

/* Writes the summary: its first line is the heading. */
static int put_verdict(const struct model_snapshot *snapshot, const struct report_options *shown,
		       FILE *file)
{
	struct capture capture;
	char *text, *rest, *line;

	if (!capture_begin(&capture))
		return -ENOMEM;
	report_summary(capture.file, snapshot, shown);
	text = capture_end(&capture);
	if (!text)
		return -ENOMEM;
	line = strtok_r(text, "\n", &rest);
	fputs("<h1>", file);
	html_put(file, line ? line : "");
	fputs("</h1>\n", file);
	while ((line = strtok_r(NULL, "\n", &rest)) != NULL) {
		fputs("<p class=\"fact\">", file);
		html_put(file, line + strspn(line, " "));
		fputs("</p>\n", file);
	}
	free(text);
	return 0;
}

static void put_cell(FILE *file, const char *text)
{
	fputs("<td>", file);
	html_put(file, text);
	fputs("</td>", file);
}

static void put_number(FILE *file, int64_t number)
{
	fprintf(file, "<td class=\"n\" data-key=\"%" PRId64 "\">%" PRId64 "</td>", number, number);
}

static void put_growth(FILE *file, const struct model_group *group)
{
	if (group->has_growth)
		fprintf(file, "<td class=\"n\" data-key=\"%" PRId64 "\">%s%" PRId64 "</td>",
			group->growth, group->growth > 0 ? "+" : "", group->growth);
	else
		fputs("<td class=\"n\"></td>", file);
}

static void put_states(FILE *file, const struct model_group *group)
{
	fputs("<td>", file);
	for (size_t i = 0; i < group->state_count; i++) {
		fputs(i ? ", " : "", file);
		if (group->states[i].count != group->count)
			fprintf(file, "%" PRId64 " ", group->states[i].count);
		html_put(file, group->states[i].name);
	}
	fputs("</td>", file);
}

static void put_age(FILE *file, const struct model_group *group)
{
	char text[32];

	if (group->age_most < 0)
		fputs("<td class=\"n\"></td>", file);
	else
		fprintf(file, "<td class=\"n\" data-key=\"%.1f\">%s</td>", group->age_most,
			page_duration(group->age_most, text));
}

/* Writes the opener's function and its line. */
static void put_place(FILE *file, const struct page *page, const struct model_group *group)
{
	const struct model_stack *stack = group_stack(group);
	const struct model_frame *frame;
	char name[LINE_NAME_SIZE], *line;
	size_t location;

	frame = stack ? heading_frame(group, stack, &location) : NULL;
	put_cell(file, frame ? frame_name(frame, location, name) : group_marker(group));
	line = frame && location < frame->location_count && frame->locations[location].line
		       ? heading_line(page, group)
		       : NULL;
	put_cell(file, line ? line : "");
	free(line);
}

/* Writes what the report prints about a group, folded up. */
static int put_details(FILE *file, const struct model_group *group,
		       const struct report_options *shown)
{
	struct capture capture;
	char *text;

	if (!capture_begin(&capture))
		return -ENOMEM;
	report_group(capture.file, group, true, shown);
	text = capture_end(&capture);
	if (!text)
		return -ENOMEM;
	fputs("<tr class=\"detail\"><td colspan=\"9\"><details><summary>stacks and "
	      "descriptors</summary><pre>",
	      file);
	html_put(file, text);
	fputs("</pre></details></td></tr>", file);
	free(text);
	return 0;
}

static int put_group(FILE *file, const struct page *page, const struct model_snapshot *snapshot,
		     const struct model_group *group, const struct report_options *shown)
{
	bool leaks;
	const char *evidence = html_evidence(snapshot, group, &leaks);
	int error;

	fprintf(file, "<tbody%s>\n<tr>",
		leaks                            ? " class=\"leak\""
		: evidence && !group->suppressed ? " class=\"first\""
						 : "");
	put_number(file, group->number);
	put_number(file, group->count);
	put_growth(file, group);
	put_cell(file, group->kind < KIND_COUNT ? kind_name(group->kind) : "several");
	put_states(file, group);
	put_age(file, group);
	put_place(file, page, group);
	put_cell(file, evidence ? evidence : "");
	fputs("</tr>\n", file);
	error = put_details(file, group, shown);
	fputs("\n</tbody>\n", file);
	return error;
}

static int put_table(const struct model_snapshot *snapshot, const struct report_options *shown,
		     FILE *file)
{
	struct page page;
	int error = 0;

	if (!snapshot->group_count)
		return 0;
	fputs("<h2>Groups</h2>\n<div class=\"table\"><table>\n<thead><tr>"
	      "<th scope=\"col\" class=\"n\">#</th><th scope=\"col\" class=\"n\">open</th>"
	      "<th scope=\"col\" class=\"n\">growth</th><th scope=\"col\">kind</th>"
	      "<th scope=\"col\">state</th><th scope=\"col\" class=\"n\">oldest</th>"
	      "<th scope=\"col\">opened in</th><th scope=\"col\">line</th>"
	      "<th scope=\"col\">evidence</th></tr></thead>\n",
	      file);
	page_open(&page, file, 0, false);
	for (size_t i = 0; i < snapshot->group_count && error == 0; i++)
		error = put_group(file, &page, snapshot, &snapshot->groups[i], shown);
	page_close(&page);
	fputs("</table></div>\n", file);
	return error;
}

/* Writes peaks, what to do next, and what is missing. */
static int put_end(const struct model_snapshot *snapshot, const struct report_options *shown,
		   FILE *file)
{
	struct capture capture;
	char *text;

	if (!capture_begin(&capture))
		return -ENOMEM;
	report_notes(capture.file, snapshot, shown);
	text = capture_end(&capture);
	if (!text)
		return -ENOMEM;
	if (text[strspn(text, "\n")]) {
		fputs("<h2>Notes</h2>\n<pre class=\"notes\">", file);
		html_put(file, text + strspn(text, "\n"));
		fputs("</pre>\n", file);
	}
	free(text);
	return 0;
}

int html_process(const struct model_snapshot *snapshot, const struct export_options *options,
		 FILE *file)
{
	const struct report_options shown = {
		.show = REPORT_SHOW_ALL,
		.all_stacks = true,
		.collapse_runtime = options->collapse_runtime,
		.filtered = options->filtered,
	};
	int error;

	fputs("<section class=\"process\">\n", file);
	error = put_verdict(snapshot, &shown, file);
	if (error == 0)
		error = put_table(snapshot, &shown, file);
	/* The script draws here. */
	fputs("<div class=\"pictures\"></div>\n", file);
	if (error == 0)
		error = put_end(snapshot, &shown, file);
	fputs("</section>\n", file);
	return error;
}
