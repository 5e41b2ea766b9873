// SPDX-License-Identifier: MIT
/* The table of `fdtrail top` as text: a line for its head, one for each row. */
#pragma once

#include <stdbool.h>

#include "tools/report/page.h"
#include "top_order.h"

struct top_table {
	const struct page *page; /* its width is the table's; 0: the last column is never cut */
	bool several;            /* rows of several processes: there is a column with their ids */
	bool blocks;             /* the terminal shows Unicode's block elements */
};

/* The lines, safe to print; the caller frees them. */
char *top_table_head(const struct top_table *table);
char *top_table_line(const struct top_table *table, const struct top_line *line);

/* A rate as text: "+3.1/s", "-2/min", "+1.5/h", "0"; for each second, minute or hour so that the
 * number isn't too small. Returns text. */
const char *top_table_rate(double rate, char text[32]);
