// SPDX-License-Identifier: MIT
/* See snapshot_arguments.h. */
#include "snapshot_arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "preload/core/snapshot/kind.h"
#include "accept.h"
#include "command_line.h"
#include "format_option.h"
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
		asked->format = format_option("snapshot", argument);
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
		*(int *)list_add(&asked->pids, sizeof(int)) = accept_pid(&accept, "", argument);
		return 0;
	case ARGP_KEY_END:
		if (asked->raw && (asked->format || asked->filter.kinds != KIND_ALL ||
				   suppressions_any(asked->suppressions.suppressions))) {
			fprintf(stderr,
				"fdtrail snapshot: --raw is the snapshot as it is, and goes with "
				"no --format, --kinds or --suppressions\n");
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
		{"format", 'f', "FORMAT", 0, "Write", 0},
		{"output", 'o', "FILE", 0,
		 "Write to FILE, which appears whole or not at all, instead of standard output", 0},
		{"count", 'n', "N", 0, "Take N snapshots, and say what grew between them", 0},
		{"interval", 'i', "TIME", 0, "Time between two snapshots (default: 1): 10, 5m, 2h",
		 0},
		{"kinds", KEY_KINDS, "KINDS", 0,
		 "Only these kinds, with commas: tcp,file,... (sockets, all)", 0},
		{"outside", KEY_OUTSIDE, NULL, 0,
		 "Look from outside, without stacks, also at a traced process: it is not disturbed",
		 0},
		{"children", KEY_CHILDREN, NULL, 0,
		 "Look at all processes that descend from this one, too", 0},
		{"raw", KEY_RAW, NULL, 0,
		 "The snapshot itself, as the tracer writes it: for a file, and `fdtrail report` "
		 "later",
		 0},
		{0},
	};
	static const struct argp_child children[] = {
		{&view_argp, 0, "How it is shown:", 2},
		{&suppressions_argp, 0, "Suppressions:", 3},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.children = children,
		.parser = parse,
		.args_doc = "PID...",
		.help_filter = format_option_help,
		.doc = "Show what running processes have open. One that is traced is asked, and "
		       "tells the "
		       "stacks that opened it; of any other, everything is shown that can be known "
		       "without stacks. The process is never stopped.\v"
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
