// SPDX-License-Identifier: MIT
/* See report_arguments.h. */
#include "report_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "command_line.h"
#include "format_option.h"
#include "option_rows.h"
#include "verb.h"

enum {
	KEY_SNAPSHOT = 0x1000,
	KEY_KINDS,
	KEY_STATE,
	KEY_MIN_AGE,
	KEY_MAX_AGE,
	KEY_INHERITABLE,
	KEY_PATH,
	KEY_FUNCTION,
	KEY_REDACT,
	KEY_REDACT_LIST,
	KEY_PER_TEST,
};

static const struct accept accept = {"fdtrail report: ", EXIT_TROUBLE};

const char *const report_which_names[] = {
	[WHICH_NEWEST] = "newest",
	[WHICH_LAST] = "last",
	[WHICH_ALL] = "all",
};

static void parse_which(struct report_arguments *arguments, const char *value)
{
	int which = 0;

	while (which < REPORT_WHICH_NAMES && strcmp(report_which_names[which], value) != 0)
		which++;
	arguments->which = (enum which)which;
	if (which == WHICH_NUMBER)
		arguments->number = accept_number(&accept, "--snapshot=", value, 0, INT32_MAX,
						  "newest, last, all, or the number of a snapshot");
}

static void parse_states(struct report_arguments *arguments, const char *value)
{
	const char *bad;
	size_t length;

	arguments->filter.states = value;
	if (filter_check_states(value, &bad, &length))
		return;
	fprintf(stderr,
		"fdtrail report: --state=%s is not accepted: '%.*s' isn't a TCP state such as "
		"CLOSE_WAIT\n",
		value, (int)length, bad);
	exit(EXIT_TROUBLE);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct report_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->view;
		state->child_inputs[1] = &arguments->suppressions;
		return 0;
	case ARGP_KEY_SUCCESS:
		arguments->options.collapse_runtime = arguments->view.collapse_runtime;
		suppressions_check_text(&arguments->suppressions, !arguments->format);
		if (arguments->view.per_test && arguments->format) {
			fputs("fdtrail report: --per-test works only with --format=text\n", stderr);
			exit(EXIT_TROUBLE);
		}
		return 0;
	case 'f':
		arguments->format = format_option(&accept, argument);
		return 0;
	case 'o':
		arguments->path = argument;
		return 0;
	case KEY_PER_TEST:
		arguments->view.per_test = true;
		return 0;
	case KEY_SNAPSHOT:
		parse_which(arguments, argument);
		return 0;
	case KEY_KINDS:
		arguments->filter.kinds = accept_kinds(&accept, "--kinds=", argument);
		return 0;
	case KEY_STATE:
		parse_states(arguments, argument);
		return 0;
	case KEY_MIN_AGE:
		arguments->filter.min_age = accept_time(&accept, "--min-age=", argument);
		return 0;
	case KEY_MAX_AGE:
		arguments->filter.max_age = accept_time(&accept, "--max-age=", argument);
		return 0;
	case KEY_INHERITABLE:
		arguments->filter.inheritable = true;
		return 0;
	case KEY_PATH:
		arguments->filter.path = argument;
		return 0;
	case KEY_FUNCTION:
		arguments->filter.function = argument;
		return 0;
	case KEY_REDACT_LIST:
		arguments->redact_list = argument;
		arguments->redact = true;
		return 0;
	case KEY_REDACT:
		arguments->redact = true;
		return 0;
	case ARGP_KEY_ARGS:
		arguments->files = state->argv + state->next;
		arguments->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		fprintf(stderr, "fdtrail report: no file is given: fdtrail report [OPTION...] "
				"FILE...\n");
		exit(EXIT_TROUBLE);
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option options[] = {
	OPTION_ROW_FORMAT,
	OPTION_ROW_OUTPUT,
	OPTION_ROW_PER_TEST(KEY_PER_TEST, 0),
	{"snapshot", KEY_SNAPSHOT, "WHICH", 0,
	 "Which snapshots of the files: newest of each process (default for text), last, all "
	 "(default for other formats), or a number",
	 0},
	{"redact", KEY_REDACT, NULL, 0,
	 "Replace arguments, host, user, addresses and names in home folders, to share the output",
	 0},
	{"redact-list", KEY_REDACT_LIST, "FILE", 0,
	 "The same, and write what was replaced by what to FILE, which you keep", 0},
	{.doc = "Filters:", .group = 1},
	OPTION_ROWS_KINDS(KEY_KINDS, "Only", 1),
	{"state", KEY_STATE, "STATES", 0, "Only TCP sockets in these states: CLOSE_WAIT, ...", 1},
	{"min-age", KEY_MIN_AGE, "TIME", 0, "Only descriptors at least this old: 90, 5m, 2h", 1},
	{"max-age", KEY_MAX_AGE, "TIME", 0, "Only descriptors at most this old", 1},
	{"inheritable", KEY_INHERITABLE, NULL, 0,
	 "Only descriptors without close-on-exec, which executed programs get", 1},
	{"path", KEY_PATH, "PATTERN", 0,
	 "Only descriptors whose path or address matches; * and ? are wildcards", 1},
	{"function", KEY_FUNCTION, "PATTERN", 0,
	 "Only descriptors opened, connected or used through a function that matches", 1},
	{0},
};

void report_arguments_parse(struct report_arguments *arguments, int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.children = view_and_suppressions,
		.parser = parse,
		.args_doc = "FILE...",
		.help_filter = format_option_help,
		.doc = "Show the snapshots in files, with functions and lines. The file - is "
		       "standard input.\v"
		       "Examples:\n"
		       "  fdtrail report server.txt\n"
		       "  fdtrail report --kinds=tcp --state=CLOSE_WAIT --format=json "
		       "/tmp/server.*",
	};

	*arguments = (struct report_arguments){
		.which = WHICH_USUAL,
		.view = VIEW_INIT(accept.prefix, accept.trouble),
		.suppressions = SUPPRESSIONS_INIT(accept.prefix, accept.trouble),
		.filter = {.kinds = KIND_ALL},
	};
	arguments_parse(&argp, argc, argv, 0, arguments);
}
