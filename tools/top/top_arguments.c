// SPDX-License-Identifier: MIT
/* See top_arguments.h. */
#include "top_arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "preload/core/snapshot/kind.h"
#include "tools/arguments/accept.h"
#include "tools/arguments/command_line.h"
#include "tools/arguments/option_rows.h"
#include "tools/arguments/verb.h"

enum {
	KEY_ONCE = 0x1000,
	KEY_PLAIN,
	KEY_OUTSIDE,
	KEY_CHILDREN,
	KEY_KINDS,
	KEY_SORT,
	COUNT_MAX = 1000 * 1000,
};

static const struct accept accept = {"fdtrail top: ", EXIT_TROUBLE};

static double interval(const char *value)
{
	double seconds = accept_time(&accept, "--interval=", value);

	if (seconds < 0.1 || seconds > 24 * 3600)
		accept_refuse(&accept, "--interval=", value, "a time from 0.1 to 1d");
	return seconds;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct top_arguments *asked = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &asked->view;
		return 0;
	case 'i':
		asked->interval = interval(argument);
		return 0;
	case 'n':
		asked->count = accept_number(&accept, "--count=", argument, 1, COUNT_MAX,
					     "a number from 1 to 1000000");
		return 0;
	case KEY_ONCE:
		asked->plain = true;
		asked->count = 1;
		return 0;
	case KEY_PLAIN:
		asked->plain = true;
		return 0;
	case KEY_OUTSIDE:
		asked->outside = true;
		return 0;
	case KEY_CHILDREN:
		asked->children = true;
		return 0;
	case KEY_KINDS:
		asked->filter.kinds = accept_kinds(&accept, "--kinds=", argument);
		return 0;
	case KEY_SORT:
		asked->order = (enum top_order)accept_word(&accept, "--sort=", argument,
							   top_order_names, TOP_ORDERS);
		return 0;
	case ARGP_KEY_ARG:
		*(int *)list_add(&asked->pids, sizeof(int)) = accept_pid(&accept, argument);
		return 0;
	case ARGP_KEY_END:
		if (asked->pids.count)
			return 0;
		fputs("fdtrail top: no process is given: fdtrail top [OPTION...] PID...\n", stderr);
		exit(EXIT_TROUBLE);
	}
	return ARGP_ERR_UNKNOWN;
}

void top_arguments_parse(struct top_arguments *arguments, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"interval", 'i', "TIME", 0,
		 "Time between snapshots: seconds, or 5m, 2h (default: 2)", 0},
		{"count", 'n', "N", 0, "End after N snapshots of each process", 0},
		{"sort", KEY_SORT, "ORDER", 0,
		 "growth (the default), count, rate, age, state or place", 0},
		{"plain", KEY_PLAIN, NULL, 0,
		 "Write a table for each snapshot, one after the other: for logs", 0},
		{"once", KEY_ONCE, NULL, 0, "Write one table and end: --plain --count=1", 0},
		OPTION_ROWS_KINDS(KEY_KINDS, "Only", 0),
		OPTION_ROW_OUTSIDE(KEY_OUTSIDE),
		OPTION_ROW_CHILDREN(KEY_CHILDREN),
		{0},
	};
	static const struct argp_child children[] = {{&view_argp, 0, "Display:", 2}, {0}};
	static const struct argp argp = {
		.options = options,
		.children = children,
		.parser = parse,
		.args_doc = "PID...",
		.doc = "Watch what running processes have open: a table of groups with their "
		       "count, growth, rate, history, age and state. Enter shows the stack of a "
		       "group. A process that isn't traced has no stacks.\v"
		       "Examples:\n"
		       "  fdtrail top $(pidof server)\n"
		       "  fdtrail top --plain --interval=1m $(pidof -s server) >> server.log",
	};

	*arguments = (struct top_arguments){
		.interval = 2,
		.view = VIEW_INIT(accept.prefix, accept.trouble),
		.filter.kinds = KIND_ALL,
	};
	arguments_parse(&argp, argc, argv, 0, arguments);
}

void top_arguments_finish(struct top_arguments *arguments)
{
	list_finish(&arguments->pids);
	view_finish(&arguments->view);
}
