// SPDX-License-Identifier: MIT
/*
 * fdtrail run: starts a program under the tracer. This file parses the options (each of the
 * tracer's has its flag), puts them into the environment, and hands over to run_program(). Wrong
 * use ends in one message before anything has started. The exit statuses are those of env(1).
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/policy/options.h"
#include "tools/arguments/limits_options.h"
#include "tools/arguments/option_rows.h"
#include "tools/arguments/accept.h"
#include "tools/arguments/ci_option.h"
#include "tools/arguments/command_line.h"
#include "tools/run/environment.h"
#include "tools/run/launch.h"
#include "tools/run/run.h"
#include "tools/arguments/say.h"
#include "tools/arguments/tracer_options.h"
#include "tools/arguments/verb.h"

enum {
	KEY_ENGINE = 0x1000,
	KEY_REPORT,
	KEY_GO_ANCESTORS,
	KEY_NO_HTTP,
	KEY_ERROR_EXITCODE,
	KEY_PER_TEST,
	KEY_TRACER = 0x2000, /* plus the index in tracer_options */
};

enum { GO_ANCESTORS = 10, GO_ANCESTORS_MOST = 100 };

_Static_assert(GO_ANCESTORS_MOST == 100, "messages and --help say so");

static const struct accept accept = {"fdtrail run: ", LAUNCH_TROUBLE};

struct arguments {
	struct limit_options limits;
	bool error_exitcode;
	const char **values; /* values of flags, by index in tracer_options */
	struct run run;
};

static int tracer_option_index(const char *name)
{
	int i = 0;

	while (strcmp(tracer_options[i].name, name) != 0)
		i++;
	return i;
}

/* With --output=stderr there is no report, and so no document. */
static void check_format(const struct run *run)
{
	const char *output = environment_get(&run->environment, "FDTRAIL_OUTPUT");

	if (!run->report.format->write || !output || strcmp(output, "stderr") != 0)
		return;
	say("--output=stderr makes no report: don't combine it with --format");
	exit(LAUNCH_TROUBLE);
}

/* Sets the option of the tracer, unless the user has. */
static void set_default(struct run *run, const char *name, const char *value)
{
	if (!environment_get(&run->environment, name) &&
	    environment_set(&run->environment, name, value) < 0) {
		say("%s", strerror(ENOMEM));
		exit(LAUNCH_TROUBLE);
	}
}

/* Sets what the exit status depends on: the limits given or, with --error-exitcode alone,
 * everything unclosed. */
static void set_limits(struct arguments *arguments)
{
	struct run *run = &arguments->run;
	const char *kinds = environment_get(&run->environment, "FDTRAIL_KINDS");

	run->failure_stays = !arguments->error_exitcode;
	if (!arguments->error_exitcode)
		run->error_exitcode = EXIT_BROKEN;
	else if (run->error_exitcode && !limits_any(&arguments->limits.limits))
		arguments->limits.limits.open = 0;
	if (kinds && limits_any(&arguments->limits.limits))
		arguments->limits.limits.kinds = accept_kinds(&accept, "--kinds=", kinds);
	/* A process that has closed everything writes a snapshot only with this option. */
	if (limits_need_snapshot(&arguments->limits.limits) &&
	    environment_set(&run->environment, "FDTRAIL_PEAKS", "1") < 0) {
		say("%s", strerror(ENOMEM));
		exit(LAUNCH_TROUBLE);
	}
	run->report.limits = arguments->limits.limits;
	const char *arm = environment_get(&run->environment, "FDTRAIL_ARM");
	if (arm && strcmp(arm, "0") != 0 && limits_any(&arguments->limits.limits)) {
		say("with --arm it isn't known who opened the first descriptors, so no limit can "
		    "be "
		    "checked: leave out --arm or the limits");
		exit(LAUNCH_TROUBLE);
	}
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->limits;
		state->child_inputs[1] = &arguments->run.report.suppressions;
		state->child_inputs[2] = &arguments->run.report.view;
		return 0;
	case KEY_ERROR_EXITCODE:
		arguments->error_exitcode = true;
		arguments->run.error_exitcode = (int)accept_number(
			&accept, "--error-exitcode=", argument, 0, 255, "a number from 0 to 255");
		return 0;
	case 'f':
		arguments->run.report.format = ci_option(&accept, argument);
		return 0;
	case KEY_PER_TEST:
		arguments->run.report.view.per_test = true;
		return 0;
	case KEY_ENGINE:
		arguments->run.engine = (enum run_engine)accept_word(
			&accept, "--engine=", argument, run_engine_names, RUN_ENGINE_NAMES);
		return 0;
	case KEY_GO_ANCESTORS:
		arguments->run.go_ancestors =
			(uint32_t)accept_number(&accept, "--go-ancestors=", argument, 0,
						GO_ANCESTORS_MOST, "a number from 0 to 100");
		return 0;
	case KEY_NO_HTTP:
		arguments->run.http = false;
		return 0;
	case KEY_REPORT:
		/* Checked now, because a file that fdtrail opens could get the number later. */
		if (strcmp(argument, "-") == 0 && fcntl(STDOUT_FILENO, F_GETFD) < 0) {
			say("can't write standard output: %s", strerror(errno));
			exit(LAUNCH_TROUBLE);
		}
		arguments->run.report_path = argument;
		return 0;
	case ARGP_KEY_ARG:
		/* ARGP_IN_ORDER: this is the first word that isn't an option. The rest is the
		 * command. */
		arguments->run.argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (arguments->run.argv)
			return 0;
		say("no command is given: fdtrail run [OPTION...] -- COMMAND [ARGUMENT...]");
		exit(LAUNCH_TROUBLE);
	}
	if (key == 'o')
		key = KEY_TRACER + tracer_option_index("OUTPUT");
	if (key < KEY_TRACER || key >= KEY_TRACER + (int)tracer_option_count)
		return ARGP_ERR_UNKNOWN;
	arguments->values[key - KEY_TRACER] = argument ? argument : "1";
	return 0;
}

/* The options: those of run, and those of the tracer as flags (FDTRAIL_DEPTH is --depth). On the
 * heap, for the life of the process. NULL: no memory. */
static struct argp_option *flags(void)
{
	static const struct argp_option own[] = {
		{"engine", KEY_ENGINE, "ENGINE", 0,
		 "How to trace: preload, ptrace, planted (ptrace that hardly stops Go programs), "
		 "or "
		 "auto (the default), which chooses by the program",
		 1},
		{"format", 'f', "FORMAT", 0, "Write the report as", 1},
		{"report", KEY_REPORT, "FILE", 0,
		 "Write the report to FILE (- is standard output) instead of stderr", 1},
		OPTION_ROW_PER_TEST(KEY_PER_TEST, 1),
		{"error-exitcode", KEY_ERROR_EXITCODE, "STATUS", 0,
		 "Exit with STATUS if a process breaks a limit or, without limits, leaves anything "
		 "open (0: off). Without this option a broken limit exits with 1, unless the "
		 "program itself failed",
		 1},
		{.doc = "For Go programs:", .group = 2},
		{"go-ancestors", KEY_GO_ANCESTORS, "COUNT", 0,
		 "With each stack, record the stacks of up to COUNT ancestor goroutines (0 to 100; "
		 "default: 10)",
		 2},
		{"no-http", KEY_NO_HTTP, NULL, 0,
		 "Do not record the last HTTP request of each connection", 2},
		{.doc = "Options of the tracer:", .group = 3},
	};
	size_t fixed = sizeof(own) / sizeof(*own);
	struct argp_option *all = calloc(fixed + tracer_option_count + 1, sizeof(*all));

	if (!all)
		return NULL;
	memcpy(all, own, sizeof(own));
	for (size_t i = 0; i < tracer_option_count; i++) {
		const struct tracer_option *option = &tracer_options[i];
		struct argp_option *flag = &all[fixed + i];

		if (!tracer_option_flag(option, flag))
			return NULL;
		flag->key = KEY_TRACER + (int)i;
		flag->group = 3;
		/* The default of --output differs from the tracer's. */
		if (strcmp(option->name, "OUTPUT") == 0) {
			flag->key = 'o';
			flag->doc = "keep the snapshots in files instead of removing them at the "
				    "end; see FDTRAIL_OUTPUT in libfdtrail(7) (stderr, or a path "
				    "with %p %e %n %t %h %%; default: off)";
		}
	}
	return all;
}

/* Puts the tracer's flags into the environment, and refuses what the tracer would refuse. Returns 0
 * or a negative errno; -EINVAL after a message. */
static int set_options(struct arguments *arguments)
{
	for (size_t i = 0; i < tracer_option_count; i++) {
		const struct tracer_option *option = &tracer_options[i];
		char name[64];

		if (!arguments->values[i])
			continue;
		if (strcmp(option->name, "KINDS") == 0)
			accept_kinds(&accept, "--kinds=", arguments->values[i]);
		if (!options_accept(option->name, arguments->values[i])) {
			for (char *letter = strcpy(name, option->name); *letter; letter++)
				*letter = (char)tolower((unsigned char)*letter);
			say("--%s=%s is not accepted: %s", name, arguments->values[i],
			    option->accepted);
			return -EINVAL;
		}
		snprintf(name, sizeof(name), "FDTRAIL_%s", option->name);
		if (environment_set(&arguments->run.environment, name, arguments->values[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

int cmd_run(int argc, char **argv)
{
	struct arguments arguments = {
		.values = calloc(tracer_option_count, sizeof(char *)),
		.limits = {accept, LIMITS_INIT},
		.run =
			{
				.go_ancestors = GO_ANCESTORS,
				.http = true,
				.report.format = ci_format_find("text"),
				.report.view = VIEW_INIT("fdtrail run: ", LAUNCH_TROUBLE),
				.report.suppressions =
					{
						.prefix = "fdtrail run: ",
						.trouble = LAUNCH_TROUBLE,
						.suppressions = suppressions_create(),
					},
			},
	};
	static const struct argp_child children[] = {
		{&limits_argp, 0, "Limits, checked for each process at its end:", 4},
		{&suppressions_argp, 0, "Suppressions:", 5},
		{&view_without_show_argp, 0, "Display of the report:", 6},
		{0},
	};
	struct argp argp = {
		.children = children,
		.options = flags(),
		.parser = parse,
		.help_filter = ci_option_help,
		.args_doc = "-- COMMAND [ARGUMENT...]",
		.doc = "Start a program under the tracer, wait for it, and report what it leaves "
		       "open, with the call stacks that opened it. The exit status is the "
		       "program's: 128+N if signal N ended it. It is 125 if fdtrail itself failed, "
		       "126 if the command can't be executed, 127 if it isn't found.\v"
		       "Examples:\n"
		       "  fdtrail run -- python3 -m unittest\n"
		       "  fdtrail run --max-close-wait=0 --report=leaks.txt -- ./server --port=80",
	};
	struct run *run = &arguments.run;
	int status = LAUNCH_TROUBLE;

	argp_err_exit_status = LAUNCH_TROUBLE;
	if (!arguments.values || !argp.options || environment_init(&run->environment) < 0) {
		say("%s", strerror(ENOMEM));
		return LAUNCH_TROUBLE;
	}
	arguments_parse(&argp, argc, argv, ARGP_IN_ORDER, &arguments);
	if (set_options(&arguments) == 0) {
		set_limits(&arguments);
		check_format(run);
		/* Only descriptors that the snapshot lists have a mark. */
		if (run->report.view.per_test)
			set_default(run, "FDTRAIL_SHOW", "all");
		status = run_program(run);
	}
	suppressions_destroy(run->report.suppressions.suppressions);
	view_finish(&run->report.view);
	environment_finish(&run->environment);
	free(arguments.values);
	launch_end_alike(&run->launch, status);
	return status;
}
