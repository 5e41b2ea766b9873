// SPDX-License-Identifier: MIT
/* See top_table.h. */
#include "top_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/snapshot/kind.h"
#include "tools/model/model_memory.h"
#include "tools/model/stack_lines.h"
#include "tools/report/heading.h"
#include "sparkline.h"

/* The columns; the last one, the place, takes the rest of the line. */
enum { COUNT = 6, CHANGE = 7, RATE = 9, HISTORY = 8, AGE = 6, WHAT = 15, PID = 7 };

static const char unknown[] = "-";

/* Writes text to a column that begins at the left. */
static void put_left(FILE *out, const char *text, int columns)
{
	char *cut = page_format("%s", text);

	page_cut(cut, columns);
	fprintf(out, " %s%*s", cut, columns - page_columns(cut), "");
	free(cut);
}

const char *top_table_rate(double rate, char text[32])
{
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"s", 1}, {"min", 60}, {"h", 3600}};
	size_t unit = 0;

	if (rate == 0)
		return strcpy(text, "0");
	while (unit < 2 && fabs(rate) * units[unit].seconds < 1)
		unit++;
	double shown = rate * units[unit].seconds;
	snprintf(text, 32, fabs(shown) < 10 ? "%+.1f/%s" : "%+.0f/%s", shown, units[unit].unit);
	return text;
}

static void put_history(FILE *out, const struct top_table *table, const struct top_row *row)
{
	int64_t values[TOP_HISTORY];
	char text[SPARKLINE_SIZE];

	for (size_t i = 0; i < row->sample_count; i++)
		values[i] = row->samples[i].count;
	int columns = sparkline(values, row->sample_count, HISTORY, table->blocks, text);
	fprintf(out, " %*s%s", HISTORY - columns, "", text);
}

/* "tcp CLOSE_WAIT"; "tcp 3 CLOSE_WAIT" if others are in another state. */
static void put_what(FILE *out, const struct top_row *row)
{
	const struct model_group *group = diff_group(row->entry);
	int64_t count = 0;
	const char *state = top_row_state(row, &count);
	char *safe = page_safe(state ? state : "");
	char *text = !state                  ? page_format("%s", kind_name(group->kind))
		     : count >= group->count ? page_format("%s %s", kind_name(group->kind), safe)
					     : page_format("%s %" PRId64 " %s",
							   kind_name(group->kind), count, safe);

	put_left(out, group->kind == KIND_COUNT ? "several kinds" : text, WHAT);
	free(safe);
	free(text);
}

/* Cuts a safe text at its beginning, because a path's end says more. */
static void cut_left(char *text, int columns)
{
	int over = page_columns(text) - columns + 3;
	char *rest = text;

	if (over <= 3 || columns < 4)
		return;
	for (; over; rest++)
		over -= ((unsigned char)rest[1] & 0xc0) != 0x80;
	memmove(text + 3, rest, strlen(rest) + 1);
	memset(text, '.', 3);
}

/* The culprit, or why there is none. If there is no room for function and line, only the line.
 * room: 0: any. */
static char *place_of(const struct page *page, const struct model_group *group, int room)
{
	const struct model_stack *stack = group_stack(group);
	size_t location;
	const struct model_frame *frame = stack ? heading_frame(group, stack, &location) : NULL;
	char *place =
		frame ? heading_frame_line(page, frame, location) : heading_place(page, group);

	if (!frame) {
		size_t comma = strspn(place, ", ");

		memmove(place, place + comma, strlen(place + comma) + 1);
	} else if (room && page_columns(place) > room) {
		char *line = heading_line(page, group);

		if (line) {
			free(place);
			place = line;
			cut_left(place, room);
		}
	}
	return place;
}

char *top_table_head(const struct top_table *table)
{
	char process[16] = "",
	     *text = page_format("%*s %*s %*s %*s %*s ", COUNT, "COUNT", CHANGE, "CHANGE", RATE,
				 "RATE", HISTORY, "HISTORY", AGE, "AGE");

	if (table->several)
		snprintf(process, sizeof(process), "%*s ", PID, "PID");
	char *head = page_format("%s%s%-*s %s", process, text, WHAT, "WHAT", "WHERE");
	free(text);
	if (table->page->width)
		page_cut(head, table->page->width);
	return head;
}

char *top_table_line(const struct top_table *table, const struct top_line *line)
{
	const struct top_row *row = line->row;
	double age = top_row_age(row);
	char rate_text[32], age_text[32], *text = NULL;
	double rate;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return page_format("%s", "");
	if (table->several)
		fprintf(out, "%*d ", PID, line->pid);
	fprintf(out, "%*" PRId64, COUNT, row->count);
	if (top_row_change(row))
		fprintf(out, " %+*" PRId64, CHANGE, top_row_change(row));
	else
		fprintf(out, " %*s", CHANGE, row->sample_count > 1 ? "0" : unknown);
	fprintf(out, " %*s", RATE,
		top_row_rate(row, &rate) ? top_table_rate(rate, rate_text) : unknown);
	put_history(out, table, row);
	fprintf(out, " %*s", AGE, age < 0 ? unknown : page_duration(age, age_text));
	put_what(out, row);
	fflush(out);
	int room = table->page->width ? table->page->width - page_columns(text) - 1 : 0;
	char *place = place_of(table->page, diff_group(row->entry), room);
	fprintf(out, " %s", place);
	free(place);
	fclose(out);
	if (table->page->width)
		page_cut(text, table->page->width);
	return text;
}
