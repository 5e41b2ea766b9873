// SPDX-License-Identifier: MIT
/* See top_view.h. */
#include "top_view.h"

#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/report/page.h"
#include "top_table.h"

enum {
	ESCAPE = 27,
	PROCESSES_MAX = 4, /* lines on processes; the rest is counted */
};

/* Writes a safe text to a line, as much as fits. */
static void put(int line, attr_t attributes, const char *text)
{
	char *cut = page_format("%s", text);

	if (line < 0 || line >= LINES) {
		free(cut);
		return;
	}
	page_cut(cut, COLS);
	attrset(attributes);
	mvaddstr(line, 0, cut);
	/* Reverse video fills the line. */
	if (attributes & A_REVERSE)
		for (int column = page_columns(cut); column < COLS; column++)
			mvaddch(line, column, ' ');
	attrset(A_NORMAL);
	free(cut);
}

static int put_title(const struct top_view *view)
{
	char *text = page_format("fdtrail top  %s  every %gs  by %s%s", view->when, view->interval,
				 top_order_names[view->order], view->paused ? "  PAUSED" : "");

	put(0, A_BOLD, text);
	free(text);
	return 1;
}

static int put_processes(const struct top_view *view, int line)
{
	const struct top_process *processes = view->watch->processes.items;
	size_t count = view->watch->processes.count;

	for (size_t i = 0; i < count; i++) {
		if (i == PROCESSES_MAX - 1 && count > PROCESSES_MAX) {
			char *text = page_format("and %zu more processes", count - i);

			put(line++, A_NORMAL, text);
			free(text);
			return line;
		}
		char *text = top_watch_line(&processes[i]);
		put(line++, A_NORMAL, text);
		free(text);
	}
	return line;
}

static void put_bottom(const struct top_view *view, const char *keys)
{
	char *message = page_safe(view->message);

	put(LINES - 2, A_BOLD, message);
	put(LINES - 1, A_DIM, keys);
	free(message);
}

/* The index of the selected row; 0 if it is gone. */
static size_t selected(const struct top_view *view, const struct top_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (lines[i].pid == view->pid && lines[i].row->id == view->id)
			return i;
	return 0;
}

/* The number of rows that the screen has place for. */
static size_t room_of(const struct top_view *view)
{
	size_t lines = view->watch->processes.count;

	lines = 4 + (lines < PROCESSES_MAX ? lines : PROCESSES_MAX);
	return (size_t)LINES > lines ? (size_t)LINES - lines : 1;
}

static struct top_line *sorted(const struct top_view *view, size_t *count)
{
	struct top_line *lines = top_watch_lines(view->watch, count);

	top_order(lines, *count, view->order);
	return lines;
}

static void draw_table(struct top_view *view)
{
	struct page page;
	page_open(&page, NULL, COLS, false);
	const struct top_table table = {
		.page = &page,
		.several = view->watch->processes.count > 1,
		.blocks = view->blocks,
	};
	size_t count, room = room_of(view);
	struct top_line *lines = sorted(view, &count);
	size_t at = selected(view, lines, count);
	int line = put_processes(view, put_title(view));
	char *head = top_table_head(&table);

	put(line++, A_UNDERLINE, head);
	free(head);
	if (at < view->top)
		view->top = at;
	if (at >= view->top + room)
		view->top = at + 1 - room;
	for (size_t i = view->top; i < count && i < view->top + room; i++) {
		char *text = top_table_line(&table, &lines[i]);
		attr_t grown = top_row_change(lines[i].row) > 0 ? A_BOLD : A_NORMAL;

		put(line++, i == at ? A_REVERSE | grown : grown, text);
		free(text);
	}
	if (!count && top_watch_living(view->watch))
		put(line, A_NORMAL, "nothing is open except what the program was started with");
	put_bottom(view, "Enter stack  g growth  c count  r rate  a age  s state  w where  "
			 "p pause  q quit");
	free(lines);
	page_close(&page);
}

/* The report on the selected row's group, as text that the caller frees; NULL: there is no row. */
static char *group_text(const struct top_view *view)
{
	struct report_options options = *view->report;
	size_t count, size;
	struct top_line *lines = sorted(view, &count);
	char *text = NULL;
	FILE *out = count ? open_memstream(&text, &size) : NULL;

	if (!out) {
		free(lines);
		return NULL;
	}
	const struct top_line *line = &lines[selected(view, lines, count)];
	const struct diff_entry *entry = line->row->entry;

	options.width = COLS;
	options.colour = false;
	/* Without stacks an entry may be several groups, which can't be joined. */
	if (entry->group.count == entry->new_count)
		report_group(out, &entry->group, false, &options);
	else
		for (size_t i = 0; i < entry->member_count; i++)
			if (entry->members[i].is_new)
				report_group(out, entry->members[i].group, false, &options);
	fclose(out);
	free(lines);
	return text;
}

static void draw_group(struct top_view *view)
{
	char *text = group_text(view), *rest = text, *line;
	int number = 0, at = put_title(view), room = LINES - 2 - at, lines = 0;

	for (const char *end = text; end && (end = strchr(end, '\n')); end++)
		lines++;
	if (view->text_from > lines - room)
		view->text_from = lines - room;
	if (view->text_from < 0)
		view->text_from = 0;
	while (rest && (line = strsep(&rest, "\n")))
		if (number++ >= view->text_from && at < LINES - 2)
			put(at++, A_NORMAL, line);
	if (!text)
		put(at, A_NORMAL, "the group is gone");
	put_bottom(view, "Esc back  up and down scroll  p pause  q quit");
	free(text);
}

void top_view_draw(struct top_view *view)
{
	erase();
	if (view->group)
		draw_group(view);
	else
		draw_table(view);
	refresh();
}

/* Selects the row that is so many after the selected one. */
static void move_by(struct top_view *view, long rows)
{
	size_t count;
	struct top_line *lines = sorted(view, &count);
	long at = (long)selected(view, lines, count) + rows;

	if (count) {
		at = at < 0 ? 0 : at >= (long)count ? (long)count - 1 : at;
		view->pid = lines[at].pid;
		view->id = lines[at].row->id;
	}
	free(lines);
}

static void scroll_by(struct top_view *view, int rows)
{
	if (!view->group)
		move_by(view, rows);
	else if (rows > 0 && view->text_from > INT32_MAX - rows)
		view->text_from = INT32_MAX;
	else
		view->text_from += rows;
}

static bool choose_order(struct top_view *view, int key)
{
	static const struct {
		int key;
		enum top_order order;
	} keys[] = {
		{'g', TOP_BY_CHANGE}, {'c', TOP_BY_COUNT}, {'r', TOP_BY_RATE},
		{'a', TOP_BY_AGE},    {'s', TOP_BY_STATE}, {'w', TOP_BY_PLACE},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].key == key) {
			view->order = keys[i].order;
			return true;
		}
	return false;
}

bool top_view_key(struct top_view *view, int key)
{
	int page = (int)room_of(view);

	if (choose_order(view, key))
		return true;
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case 'p':
	case ' ':
		view->paused = !view->paused;
		return true;
	case '\n':
	case '\r':
	case KEY_ENTER:
		move_by(view, 0); /* the row stays selected when others come before it */
		view->group = !view->group;
		view->text_from = 0;
		return true;
	case ESCAPE:
	case KEY_LEFT:
	case KEY_BACKSPACE:
		view->group = false;
		return true;
	case KEY_UP:
	case 'k':
		scroll_by(view, -1);
		return true;
	case KEY_DOWN:
	case 'j':
		scroll_by(view, 1);
		return true;
	case KEY_PPAGE:
		scroll_by(view, -page);
		return true;
	case KEY_NPAGE:
		scroll_by(view, page);
		return true;
	case KEY_HOME:
		scroll_by(view, -INT32_MAX);
		return true;
	case KEY_END:
		scroll_by(view, INT32_MAX);
		return true;
	}
	return true;
}
