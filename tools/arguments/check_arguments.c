// SPDX-License-Identifier: MIT
/* See check_arguments.h. */
#include "limits_options.h"
#include "check_arguments.h"

#include <stdio.h>
#include <stdlib.h>

#include "accept.h"
#include "command_line.h"
#include "option_rows.h"
#include "verb.h"

static const char prefix[] = "fdtrail check: ";
static const struct accept accept = {prefix, EXIT_TROUBLE};

static void wrong_use(const char *words)
{
	fprintf(stderr, "%s%s\n", prefix, words);
	exit(EXIT_TROUBLE);
}

enum { KEY_PID = 0x1000, KEY_OLD, KEY_CHILDREN, KEY_KINDS };

/* Takes the older snapshot from the files if --old does not name it: with --pid, the only file;
 * with --max-growth, the first of two. */
static void take_old(struct check_arguments *check)
{
	bool growth = check->limits.limits.growth >= 0;

	if (check->old)
		return;
	if (check->subjects.count ? check->file_count == 1 : growth && check->file_count == 2) {
		check->old = *check->files++;
		check->file_count--;
	} else if (growth && check->file_count > 2) {
		wrong_use("--max-growth with several files needs --old=FILE, the older snapshot");
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct check_arguments *check = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &check->limits;
		state->child_inputs[1] = &check->suppressions;
		state->child_inputs[2] = &check->view;
		return 0;
	case 'f':
		check->format = ci_option(&accept, argument);
		return 0;
	case KEY_PID:
		((struct subject *)list_add(&check->subjects, sizeof(struct subject)))->pid =
			accept_pid(&accept, argument);
		return 0;
	case KEY_OLD:
		check->old = argument;
		return 0;
	case KEY_CHILDREN:
		check->children = true;
		return 0;
	case KEY_KINDS:
		check->limits.limits.kinds = accept_kinds(&accept, "--kinds=", argument);
		return 0;
	case ARGP_KEY_ARGS:
		check->files = state->argv + state->next;
		check->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		suppressions_check_text(&check->suppressions, !check->format->write);
		if (!limits_any(&check->limits.limits))
			wrong_use(
				"no limit is given: use --max-close-wait, --max-open, --max-group, "
				"--max-growth, --max-peak, --max-peak-group, --max-inheritable, "
				"--max-misuse or --max-age");
		take_old(check);
		if (!check->subjects.count && !check->file_count)
			wrong_use("no snapshot is given: name a FILE, or a process with --pid");
		if (check->subjects.count && check->file_count)
			wrong_use("at most one FILE goes with --pid: the older snapshot");
		if (check->children && !check->subjects.count)
			wrong_use("--children needs --pid");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void check_arguments_parse(struct check_arguments *arguments, int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"format", 'f', "FORMAT", 0, "Write", 1},
		{"pid", KEY_PID, "PID", 0,
		 "Check a running process, traced or not (may be repeated)", 1},
		{"old", KEY_OLD, "FILE", 0, "The older snapshot that --max-growth compares with",
		 1},
		{"children", KEY_CHILDREN, NULL, 0,
		 "With --pid: also check all its descendants, each by itself", 1},
		OPTION_ROWS_KINDS(KEY_KINDS, "Count only", 1),
		{0},
	};
	static const struct argp_child children[] = {
		{&limits_argp, 0, "Limits:", 2},
		{&suppressions_argp, 0, "Suppressions:", 3},
		{&view_argp, 0, "Display:", 4},
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "FILE...\n--max-growth=N OLD NEW\n--pid=PID... [OLD]",
		.children = children,
		.help_filter = ci_option_help,
		.doc = "Check what programs leave open against limits. The newest snapshot of each "
		       "process counts. --max-growth compares it with OLD, or else with the first "
		       "snapshot of the process. Inherited descriptors don't count.\v"
		       "Exit status: 0 if all limits are kept, 1 if one is broken, 2 if one "
		       "can't be checked or something went wrong.\n\n"
		       "Examples:\n"
		       "  fdtrail check --max-close-wait=0 --pid=$(pidof -s server)\n"
		       "  fdtrail check --max-growth=10 yesterday.txt today.txt",
	};

	*arguments = (struct check_arguments){
		.view = VIEW_INIT(prefix, EXIT_TROUBLE),
		.limits = {.accept = accept, .limits = LIMITS_INIT},
		.format = ci_format_find("text"),
		.suppressions = SUPPRESSIONS_INIT(prefix, EXIT_TROUBLE),
	};
	arguments_parse(&argp, argc, argv, 0, arguments);
}

void check_arguments_finish(struct check_arguments *arguments)
{
	struct subject *subjects = arguments->subjects.items;

	for (size_t i = 0; i < arguments->subjects.count; i++)
		free(subjects[i].left_out);
	list_finish(&arguments->subjects);
	suppressions_destroy(arguments->suppressions.suppressions);
	view_finish(&arguments->view);
}
