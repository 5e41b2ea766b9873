// SPDX-License-Identifier: MIT
/* The rows of `fdtrail top`: matched over a series of snapshots; their rates, order, pictures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/reader/reader.h"
#include "tools/report/findings.h"
#include "tools/top/sparkline.h"
#include "tools/top/top_order.h"
#include "tools/top/top_rows.h"
#include "tools/top/top_table.h"

/* A snapshot of sockets that serve has opened, of which some wait, and of files that load has
 * opened. 0: the group isn't there. */
static struct model_snapshot *snapshot_of(int sockets, int waiting, int files)
{
	char text[2048], state[64] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_non_null(out);
	fputs("fdtrail snapshot, format 1\nwhy: test\nprocess: 7 server, user 0\n", out);
	if (waiting)
		snprintf(state, sizeof(state), " (%d in CLOSE_WAIT, %d in ESTABLISHED)", waiting,
			 sockets - waiting);
	if (sockets)
		fprintf(out,
			"\ngroup 1: %d tcp sockets%s, opened in serve (server+0x10)\n"
			"  age 2.0s\n  opened at:\n    #0 0x10 in serve (/server+0x10)\n",
			sockets, state);
	if (files)
		fprintf(out,
			"\ngroup 2: %d files, opened in load (server+0x20)\n"
			"  age 9.0s\n  opened at:\n    #0 0x20 in load (/server+0x20)\n",
			files);
	fputs("\nend of fdtrail snapshot, format 1\n", out);
	fclose(out);

	FILE *in = fmemopen(text, strlen(text), "r");
	struct reader *reader = reader_create(in, "test");
	struct model_snapshot *snapshot = reader_next(reader);

	assert_non_null(snapshot);
	reader_destroy(reader);
	fclose(in);
	findings_merge(snapshot);
	return snapshot;
}

static const struct top_row *row_of(const struct top_rows *rows, enum kind kind)
{
	for (size_t i = 0; i < rows->count; i++)
		if (diff_group(rows->rows[i].entry)->kind == kind)
			return &rows->rows[i];
	return NULL;
}

static void a_row_keeps_its_history(void **state)
{
	struct top_rows rows = {0};
	double rate;

	(void)state;
	top_rows_update(&rows, snapshot_of(3, 0, 5), 100);
	assert_int_equal(rows.count, 2);
	uint64_t id = row_of(&rows, KIND_TCP)->id;
	assert_false(top_row_rate(row_of(&rows, KIND_TCP), &rate));
	assert_int_equal(top_row_change(row_of(&rows, KIND_TCP)), 0);
	top_rows_update(&rows, snapshot_of(4, 0, 5), 102);
	top_rows_update(&rows, snapshot_of(9, 0, 5), 104);

	const struct top_row *row = row_of(&rows, KIND_TCP);
	assert_int_equal(row->id, id);
	assert_int_equal(row->count, 9);
	assert_int_equal(top_row_change(row), 6);
	assert_int_equal(row->sample_count, 3);
	assert_int_equal(row->samples[1].count, 4);
	assert_true(top_row_rate(row, &rate));
	assert_true(rate == 1.5);
	assert_true(top_row_rate(row_of(&rows, KIND_FILE), &rate));
	assert_true(rate == 0);
	top_rows_clear(&rows);
}

static void a_row_that_is_new_has_grown_from_nothing(void **state)
{
	struct top_rows rows = {0};

	(void)state;
	top_rows_update(&rows, snapshot_of(0, 0, 5), 1);
	top_rows_update(&rows, snapshot_of(4, 0, 5), 2);
	assert_int_equal(top_row_change(row_of(&rows, KIND_TCP)), 4);
	assert_int_equal(row_of(&rows, KIND_TCP)->sample_count, 1);
	uint64_t id = row_of(&rows, KIND_TCP)->id;
	top_rows_update(&rows, snapshot_of(0, 0, 5), 3);
	assert_null(row_of(&rows, KIND_TCP));
	assert_int_equal(row_of(&rows, KIND_FILE)->sample_count, 3);
	top_rows_update(&rows, snapshot_of(4, 0, 5), 4);
	assert_true(row_of(&rows, KIND_TCP)->id > id);
	top_rows_clear(&rows);
	assert_int_equal(rows.count, 0);
}

static void a_history_forgets_its_oldest_samples(void **state)
{
	struct top_rows rows = {0};

	(void)state;
	for (int i = 0; i < 2 * TOP_HISTORY; i++)
		top_rows_update(&rows, snapshot_of(i + 2, 0, 0), i);
	const struct top_row *row = row_of(&rows, KIND_TCP);
	assert_int_equal(row->sample_count, TOP_HISTORY);
	assert_int_equal(row->samples[0].count, TOP_HISTORY + 2);
	assert_int_equal(top_row_change(row), 2 * TOP_HISTORY - 1);
	top_rows_clear(&rows);
}

static void close_wait_goes_before_other_states(void **state)
{
	struct top_rows rows = {0};
	int64_t count;

	(void)state;
	top_rows_update(&rows, snapshot_of(6, 4, 2), 1);
	assert_string_equal(top_row_state(row_of(&rows, KIND_TCP), &count), "CLOSE_WAIT");
	assert_int_equal(count, 4);
	assert_null(top_row_state(row_of(&rows, KIND_FILE), &count));
	top_rows_clear(&rows);
}

/* The kinds of the rows of the two snapshots, in that order. */
static enum kind first_by(enum top_order order)
{
	struct top_rows rows = {0};
	struct top_line lines[2];

	top_rows_update(&rows, snapshot_of(3, 0, 50), 1);
	top_rows_update(&rows, snapshot_of(6, 6, 50), 2);
	for (size_t i = 0; i < 2; i++)
		lines[i] = (struct top_line){7, &rows.rows[i]};
	top_order(lines, 2, order);
	enum kind kind = diff_group(lines[0].row->entry)->kind;
	top_rows_clear(&rows);
	return kind;
}

static void rows_are_ordered(void **state)
{
	(void)state;
	assert_int_equal(first_by(TOP_BY_CHANGE), KIND_TCP);
	assert_int_equal(first_by(TOP_BY_RATE), KIND_TCP);
	assert_int_equal(first_by(TOP_BY_STATE), KIND_TCP);
	assert_int_equal(first_by(TOP_BY_COUNT), KIND_FILE);
	assert_int_equal(first_by(TOP_BY_AGE), KIND_FILE);
	assert_int_equal(first_by(TOP_BY_PLACE), KIND_FILE);
}

static void a_staircase_looks_like_one(void **state)
{
	static const int64_t stairs[] = {1, 2, 3, 4, 5, 6, 7, 8}, flat[] = {9, 9, 9},
			     wild[] = {INT64_MIN, INT64_MAX, 0};
	char text[SPARKLINE_SIZE];

	(void)state;
	assert_int_equal(sparkline(stairs, 8, 8, true, text), 8);
	assert_string_equal(text, "▁▂▃▄▅▆▇█");
	assert_int_equal(sparkline(stairs, 8, 2, false, text), 2);
	assert_string_equal(text, "18");
	assert_int_equal(sparkline(flat, 3, 8, false, text), 3);
	assert_string_equal(text, "111");
	assert_int_equal(sparkline(wild, 3, 8, false, text), 3);
	assert_string_equal(text, "185");
	assert_int_equal(sparkline(stairs, 0, 8, true, text), 0);
	assert_string_equal(text, "");
	assert_int_equal(sparkline(stairs, 8, -1, true, text), 0);
}

static void a_rate_has_the_unit_that_it_needs(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(top_table_rate(0, text), "0");
	assert_string_equal(top_table_rate(3.14, text), "+3.1/s");
	assert_string_equal(top_table_rate(250, text), "+250/s");
	assert_string_equal(top_table_rate(-0.5, text), "-30/min");
	assert_string_equal(top_table_rate(1.0 / 3600, text), "+1.0/h");
	assert_string_equal(top_table_rate(0.1 / 3600, text), "+0.1/h");
}

static void a_line_fits_its_columns(void **state)
{
	struct top_rows rows = {0};
	struct page page;
	const struct top_table table = {.page = &page, .several = true, .blocks = true};

	(void)state;
	top_rows_update(&rows, snapshot_of(123456789, 1000000, 0), 1);
	for (int width = 8; width < 200; width += 7) {
		const struct top_line line = {4194304, &rows.rows[0]};

		page_open(&page, NULL, width, false);
		char *head = top_table_head(&table), *text = top_table_line(&table, &line);
		assert_true(page_columns(head) <= width);
		assert_true(page_columns(text) <= width);
		free(head);
		free(text);
		page_close(&page);
	}
	top_rows_clear(&rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a row keeps its history", .test_func = a_row_keeps_its_history},
		{.name = "a row that is new has grown from nothing",
		 .test_func = a_row_that_is_new_has_grown_from_nothing},
		{.name = "a history forgets its oldest samples",
		 .test_func = a_history_forgets_its_oldest_samples},
		{.name = "CLOSE_WAIT goes before other states",
		 .test_func = close_wait_goes_before_other_states},
		{.name = "rows are ordered", .test_func = rows_are_ordered},
		{.name = "a staircase looks like one", .test_func = a_staircase_looks_like_one},
		{.name = "a rate has the unit that it needs",
		 .test_func = a_rate_has_the_unit_that_it_needs},
		{.name = "a line fits its columns", .test_func = a_line_fits_its_columns},
	};

	return cmocka_run_group_tests_name("top rows", tests, NULL, NULL);
}
