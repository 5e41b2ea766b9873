// SPDX-License-Identifier: MIT
/*
 * See attach_arguments.h. The tracer's options are flags, as of `fdtrail run`, except those that
 * matter only for programs that are started.
 */
#include "attach_arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/policy/options.h"
#include "accept.h"
#include "command_line.h"
#include "tracer_options.h"
#include "verb.h"

enum {
	KEY_FOR = 0x1000,
	KEY_UNTIL_GROWTH,
	KEY_CHILDREN,
	KEY_NAME,
	KEY_TRACER = 0x2000, /* plus the index in tracer_options */
	TIME_MAX = 366 * 24 * 3600,
	GROWTH_MAX = 1 << 30,
};

static const struct accept accept = {"fdtrail attach: ", EXIT_TROUBLE};

static _Noreturn void no_memory(void)
{
	fputs("fdtrail attach: there is not enough memory\n", stderr);
	exit(EXIT_TROUBLE);
}

static bool is_of_start(const char *name)
{
	return strcmp(name, "ONLY") == 0 || strcmp(name, "EXITCODE") == 0 ||
	       strcmp(name, "VERBOSE") == 0;
}

static void add_option(struct attach_arguments *arguments, size_t index, const char *value)
{
	const struct tracer_option *option = &tracer_options[index];
	char *text;
	int length;

	if (!options_accept(option->name, value)) {
		struct argp_option flag = {0};
		char shown[64];

		if (!tracer_option_flag(option, &flag))
			no_memory();
		snprintf(shown, sizeof(shown), "--%s=", flag.name);
		accept_refuse(&accept, shown, value, option->accepted);
	}
	length = asprintf(&text, "FDTRAIL_%s=%s", option->name, value);
	size_t end = arguments->options_size ? arguments->options_size - 1 : 0;
	size_t size = end + (size_t)length + 2;
	char *grown = length < 0 ? NULL : realloc(arguments->options, size);
	if (!grown)
		no_memory();
	memcpy(grown + end, text, (size_t)length + 1);
	grown[size - 1] = '\0';
	arguments->options = grown;
	arguments->options_size = size;
	free(text);
}

static double time_to_wait(const char *value)
{
	double seconds = accept_time(&accept, "--for=", value);

	if (seconds <= 0 || seconds > TIME_MAX)
		accept_refuse(&accept, "--for=", value, "a time above 0, of at most a year");
	return seconds;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct attach_arguments *arguments = state->input;

	switch (key) {
	case 'b':
		arguments->background = true;
		return 0;
	case KEY_FOR:
		arguments->seconds = time_to_wait(argument);
		return 0;
	case KEY_UNTIL_GROWTH:
		arguments->growth = accept_number(&accept, "--until-growth=", argument, 1,
						  GROWTH_MAX, "a number of descriptors from 1");
		return 0;
	case KEY_CHILDREN:
		arguments->children = true;
		return 0;
	case KEY_NAME:
		*(const char **)list_add(&arguments->names, sizeof(char *)) = argument;
		return 0;
	case ARGP_KEY_ARG:
		*(int *)list_add(&arguments->pids, sizeof(int)) = accept_pid(&accept, argument);
		return 0;
	case ARGP_KEY_END:
		if (arguments->background &&
		    (arguments->seconds > 0 || arguments->growth != ATTACH_NO_GROWTH)) {
			fputs("fdtrail attach: --background doesn't wait: don't combine it with "
			      "--for or --until-growth\n",
			      stderr);
			exit(EXIT_TROUBLE);
		}
		if (arguments->pids.count || arguments->names.count)
			return 0;
		fputs("fdtrail attach: no process is given: fdtrail attach [OPTION...] PID...\n",
		      stderr);
		exit(EXIT_TROUBLE);
	}
	if (key >= KEY_TRACER && (size_t)(key - KEY_TRACER) < tracer_option_count) {
		add_option(arguments, (size_t)(key - KEY_TRACER), argument ? argument : "1");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* The options: those of attach, and those of the tracer. On the heap, for the life of the process.
 * NULL: no memory. */
static struct argp_option *flags(void)
{
	static const struct argp_option own[] = {
		{"for", KEY_FOR, "TIME", 0, "Detach after this time: seconds, or 10m, 2h", 1},
		{"until-growth", KEY_UNTIL_GROWTH, "N", 0,
		 "Detach when N more descriptors are open than at the start (exit status 1)", 1},
		{"background", 'b', NULL, 0,
		 "Return at once; `fdtrail snapshot` shows stacks, `fdtrail detach` ends it", 1},
		{"children", KEY_CHILDREN, NULL, 0,
		 "Attach to all descendants of the processes, too", 1},
		{"name", KEY_NAME, "NAME", 0, "Attach to all processes of this name", 1},
		{.doc = "Options of the tracer:", .group = 2},
	};
	size_t count = sizeof(own) / sizeof(*own);
	struct argp_option *all = calloc(count + tracer_option_count + 1, sizeof(*all));

	if (!all)
		return NULL;
	memcpy(all, own, sizeof(own));
	for (size_t i = 0; i < tracer_option_count; i++) {
		if (is_of_start(tracer_options[i].name))
			continue;
		if (!tracer_option_flag(&tracer_options[i], &all[count]))
			return NULL;
		all[count].key = KEY_TRACER + (int)i;
		all[count++].group = 2;
	}
	return all;
}

void attach_arguments_parse(struct attach_arguments *arguments, int argc, char **argv)
{
	struct argp argp = {
		.options = flags(),
		.parser = parse,
		.args_doc = "PID...",
		.doc = "Record what a running process opens from now on, with call stacks. At the "
		       "end (Ctrl-C, --for, --until-growth) it shows what is open, as `fdtrail "
		       "snapshot` does, and detaches. The process is not restarted; one of its "
		       "threads is stopped for some milliseconds.\v"
		       "Programs that are linked dynamically with glibc 2.34 or later can be "
		       "attached to; for Go and static programs use `fdtrail run`.\n\n"
		       "Exit status: 0 if it was attached and detached, 1 if --until-growth was "
		       "reached, 2 if a process could not be attached to (it goes on as it was) or "
		       "something went wrong.\n\n"
		       "Examples:\n"
		       "  fdtrail attach $(pidof -s server)\n"
		       "  fdtrail attach --for=10m --children $(pidof -s nginx)",
	};

	*arguments = (struct attach_arguments){.growth = ATTACH_NO_GROWTH};
	if (!argp.options)
		no_memory();
	arguments_parse(&argp, argc, argv, 0, arguments);
	if (!arguments->options) {
		arguments->options = calloc(1, 1);
		arguments->options_size = 1;
	}
}

void attach_arguments_finish(struct attach_arguments *arguments)
{
	list_finish(&arguments->pids);
	list_finish(&arguments->names);
	free(arguments->options);
}
