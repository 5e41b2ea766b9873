// SPDX-License-Identifier: MIT
/* See exporter_arguments.h. */
#include "exporter_arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "preload/core/snapshot/kind.h"
#include "tools/arguments/accept.h"
#include "tools/arguments/command_line.h"
#include "tools/arguments/option_rows.h"
#include "tools/arguments/verb.h"

enum {
	KEY_PROMETHEUS = 0x1000,
	KEY_LISTEN,
	KEY_NAME,
	KEY_STACKS,
	KEY_OUTSIDE,
	KEY_CHILDREN,
	KEY_KINDS,
	STACKS_USUAL = 20,
	STACKS_MOST = 1000,
};

static const struct accept rules = {"fdtrail export: ", EXIT_TROUBLE};

static double interval(const char *value)
{
	double seconds = accept_time(&rules, "--interval=", value);

	if (seconds < 0 || seconds > 3600)
		accept_refuse(&rules, "--interval=", value, "a time of at most 1h");
	return seconds;
}

/* Refuses command lines that don't say what to do. */
static void check(const struct exporter_arguments *asked)
{
	if (!asked->pids.count && !asked->names.count) {
		fputs("fdtrail export: no process is given: fdtrail export [OPTION...] PID...\n",
		      stderr);
		exit(EXIT_TROUBLE);
	}
	if (asked->serves && asked->path) {
		fputs("fdtrail export: --listen writes no file: don't combine it with --output\n",
		      stderr);
		exit(EXIT_TROUBLE);
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct exporter_arguments *asked = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &asked->view;
		return 0;
	case KEY_PROMETHEUS:
		return 0;
	case KEY_LISTEN:
		asked->serves = true;
		if (!listen_address_parse(&asked->address, argument))
			accept_refuse(&rules, "--listen=", argument,
				      "PORT, 127.0.0.1:PORT or [::1]:PORT, with a port from 0 to "
				      "65535");
		return 0;
	case KEY_NAME:
		*(const char **)list_add(&asked->names, sizeof(char *)) = argument;
		return 0;
	case KEY_STACKS:
		asked->stacks = (size_t)accept_number(&rules, "--stacks=", argument, 0, STACKS_MOST,
						      "a number from 0 to 1000");
		return 0;
	case 'i':
		asked->interval = interval(argument);
		return 0;
	case 'o':
		asked->path = argument;
		return 0;
	case KEY_OUTSIDE:
		asked->outside = true;
		return 0;
	case KEY_CHILDREN:
		asked->children = true;
		return 0;
	case KEY_KINDS:
		asked->filter.kinds = accept_kinds(&rules, "--kinds=", argument);
		return 0;
	case ARGP_KEY_ARG:
		*(int *)list_add(&asked->pids, sizeof(int)) = accept_pid(&rules, argument);
		return 0;
	case ARGP_KEY_END:
		check(asked);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

void exporter_arguments_parse(struct exporter_arguments *arguments, int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"prometheus", KEY_PROMETHEUS, NULL, 0,
		 "Write Prometheus' text format: the default, and the only format", 0},
		{"listen", KEY_LISTEN, "ADDRESS", 0,
		 "Serve the metrics by HTTP at PORT of 127.0.0.1, or at ADDRESS:PORT, until a "
		 "signal ends it; port 0: the kernel chooses one",
		 0},
		OPTION_ROW_OUTPUT,
		{"name", KEY_NAME, "NAME", 0,
		 "Also all processes of this name, each time anew (may be repeated)", 0},
		{"interval", 'i', "TIME", 0,
		 "With --listen: take new snapshots at most this often (default: 5)", 0},
		{"stacks", KEY_STACKS, "N", 0,
		 "Series for the N stacks of a program with the most descriptors; the others are "
		 "added up (default: 20)",
		 0},
		OPTION_ROWS_KINDS(KEY_KINDS, "Only", 0),
		OPTION_ROW_OUTSIDE(KEY_OUTSIDE),
		OPTION_ROW_CHILDREN(KEY_CHILDREN),
		{0},
	};
	static const struct argp_child children[] = {{&view_debug_dir_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {
		.options = options,
		.children = children,
		.parser = parse,
		.args_doc = "PID...",
		.doc = "Write what running processes have open as metrics, or serve them to "
		       "Prometheus. A process that isn't traced has no stacks.\v"
		       "Examples:\n"
		       "  fdtrail export --listen=127.0.0.1:9836 $(pidof server)\n"
		       "  fdtrail export --name=server -o fdtrail.prom",
	};

	*arguments = (struct exporter_arguments){
		.interval = 5,
		.stacks = STACKS_USUAL,
		.filter.kinds = KIND_ALL,
		.view = VIEW_INIT(rules.prefix, rules.trouble),
	};
	arguments_parse(&argp, argc, argv, 0, arguments);
}

void exporter_arguments_finish(struct exporter_arguments *arguments)
{
	list_finish(&arguments->pids);
	list_finish(&arguments->names);
	view_finish(&arguments->view);
}
