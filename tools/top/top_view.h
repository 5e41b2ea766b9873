// SPDX-License-Identifier: MIT
/*
 * The contents of the screen of `fdtrail top`: the table with a selected row, or the group of that
 * row with its stack. Draws by ncurses(3), and moves by keys. Called by top_screen.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/report/report.h"
#include "top_order.h"
#include "top_watch.h"

enum { TOP_MESSAGE_SIZE = 512 };

struct top_view {
	const struct top_watch *watch;
	const struct report_options *report;
	enum top_order order;
	bool paused, group; /* group: the selected row's group fills the screen */
	bool blocks;        /* the terminal shows Unicode's block elements */
	double interval;
	char when[32];                  /* of the last look */
	char message[TOP_MESSAGE_SIZE]; /* the last line of stderr, any bytes */
	/* The selected row, also while others move; 0: the first one. */
	int pid;
	uint64_t id;
	size_t top;    /* the first row that is shown */
	int text_from; /* the first line of the group that is shown */
};

/* Draws everything. */
void top_view_draw(struct top_view *view);

/* Handles a key of getch(3X). Returns false if it ends the program. */
bool top_view_key(struct top_view *view, int key);
