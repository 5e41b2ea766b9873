// SPDX-License-Identifier: MIT
/* See snapshot_arguments.h. */
#include "snapshot_arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "preload/core/snapshot/kind.h"
#include "accept.h"
#include "command_line.h"
#include "format_option.h"
#include "option_rows.h"
#include "verb.h"

enum {
	KEY_OUTSIDE = 0x1000,
	KEY_RAW,
	KEY_CHILDREN,
	KEY_KINDS,
	COUNT_MAX = 1000 * 1000,
	INTERVAL_MAX = 7 * 24 * 3600,
};

static const struct accept accept = {"fdtrail snapshot: ", EXIT_TROUBLE};

static double interval(const char *value)
{
	double seconds = accept_time(&accept, "--interval=", value);

	if (seconds > INTERVAL_MAX)
		accept_refuse(&accept, "--interval=", value, "a time of at most 7d");
	return seconds;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct snapshot_arguments *asked = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &asked->view;
		state->child_inputs[1] = &asked->suppressions;
		return 0;
	case ARGP_KEY_SUCCESS:
		asked->options.collapse_runtime = asked->view.collapse_runtime;
		suppressions_check_text(&asked->suppressions, !asked->format && !asked->raw);
		return 0;
	case 'f':
		asked->format = format_option(&accept, argument);
		return 0;
	case 'o':
		asked->path = argument;
		return 0;
	case 'n':
		asked->count = accept_number(&accept, "--count=", argument, 1, COUNT_MAX,
					     "a number from 1 to 1000000");
		return 0;
	case 'i':
		asked->interval = interval(argument);
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
	case KEY_RAW:
		asked->raw = true;
		return 0;
	case ARGP_KEY_ARG:
		*(int *)list_add(&asked->pids, sizeof(int)) = accept_pid(&accept, argument);
		return 0;
	case ARGP_KEY_END:
		if (asked->raw && (asked->format || asked->filter.kinds != KIND_ALL ||
				   suppressions_any(asked->suppressions.suppressions))) {
			fputs("fdtrail snapshot: --raw writes the snapshot unchanged: don't "
			      "combine it with --format, --kinds or --suppressions\n",
			      stderr);
			exit(EXIT_TROUBLE);
		}
		if (asked->pids.count)
			return 0;
		fprintf(stderr, "fdtrail snapshot: no process is given: fdtrail snapshot "
				"[OPTION...] PID...\n");
		exit(EXIT_TROUBLE);
	}
	return ARGP_ERR_UNKNOWN;
}

void snapshot_arguments_parse(struct snapshot_arguments *arguments, int argc, char **argv)
{
	static const struct argp_option options[] = {
		OPTION_ROW_FORMAT,
		OPTION_ROW_OUTPUT,
		{"count", 'n', "N", 0, "Take N snapshots, and show what grew between them", 0},
		{"interval", 'i', "TIME", 0,
		 "Time between snapshots: seconds, or 5m, 2h (default: 1)", 0},
		OPTION_ROWS_KINDS(KEY_KINDS, "Only", 0),
		OPTION_ROW_OUTSIDE(KEY_OUTSIDE),
		OPTION_ROW_CHILDREN(KEY_CHILDREN),
		{"raw", KEY_RAW, NULL, 0,
		 "Write the snapshot unchanged, as the tracer does: to keep in a file for `fdtrail "
		 "report`",
		 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.children = view_and_suppressions,
		.parser = parse,
		.args_doc = "PID...",
		.help_filter = format_option_help,
		.doc = "Show what running processes have open. A traced process answers with the "
		       "call stacks that opened its descriptors. For a process that isn't traced "
		       "it shows everything except the stacks. The process is never stopped.\v"
		       "Examples:\n"
		       "  fdtrail snapshot $(pidof server)\n"
		       "  fdtrail snapshot --count=2 --interval=10m $(pidof -s server)",
	};

	*arguments = (struct snapshot_arguments){
		.count = 1,
		.interval = 1,
		.view = VIEW_INIT(accept.prefix, accept.trouble),
		.suppressions = SUPPRESSIONS_INIT(accept.prefix, accept.trouble),
		.filter.kinds = KIND_ALL,
	};
	arguments_parse(&argp, argc, argv, 0, arguments);
}

void snapshot_arguments_finish(struct snapshot_arguments *arguments)
{
	list_finish(&arguments->pids);
	view_finish(&arguments->view);
	suppressions_destroy(arguments->suppressions.suppressions);
}
