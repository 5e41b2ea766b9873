// SPDX-License-Identifier: MIT
/*
 * fdtrail run: starts a program under the tracer. What comes before the program's start is here:
 * options (each of the tracer's has its flag), which engine is fit for the program, the
 * environment. Whatever is wrong is told in one line before anything has started; the exit statuses
 * are those of env(1).
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../preload/runtime/options.h"
#include "ptrace/engine.h"
#include "run/environment.h"
#include "run/folder.h"
#include "run/launch.h"
#include "run/program_file.h"
#include "run/say.h"
#include "run/tracer_library.h"
#include "tracer_options.h"
#include "verb.h"

enum engine { ENGINE_AUTO, ENGINE_PRELOAD, ENGINE_PTRACE };

static const char *const engines[] = {"auto", "preload", "ptrace"};

enum {
	KEY_ENGINE = 0x1000,
	KEY_TRACER = 0x2000, /* plus the index in tracer_options */
};

struct run {
	char **argv;
	enum engine engine;
	const char **values; /* what flags say of tracer_options, in their order */
	struct environment environment;
	struct program_file program;
	struct launch launch;
	char folder[PATH_MAX]; /* "": none */
};

static bool is_boolean(const struct tracer_option *option)
{
	return strcmp(option->accepted, "0 or 1") == 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct run *run = state->input;

	switch (key) {
	case KEY_ENGINE:
		for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++)
			if (strcmp(argument, engines[i]) == 0) {
				run->engine = (enum engine)i;
				return 0;
			}
		say("--engine=%s is not accepted: auto, preload or ptrace", argument);
		exit(LAUNCH_TROUBLE);
	case ARGP_KEY_ARG:
		/* ARGP_IN_ORDER: the first word that is no option, and all behind it. */
		run->argv = state->argv + state->next - 1;
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (run->argv)
			return 0;
		say("no command is given: fdtrail run [OPTION...] -- COMMAND [ARGUMENT...]");
		exit(LAUNCH_TROUBLE);
	}
	if (key < KEY_TRACER || key >= KEY_TRACER + (int)tracer_option_count)
		return ARGP_ERR_UNKNOWN;
	run->values[key - KEY_TRACER] = argument ? argument : "1";
	return 0;
}

/* The tracer's options as flags: FDTRAIL_DEPTH is --depth. On the heap, for as long as the process.
 */
static struct argp_option *flags(void)
{
	static const struct argp_option own[] = {
		{"engine", KEY_ENGINE, "ENGINE", 0,
		 "How to trace: preload, ptrace, or auto (the default), which looks at the program",
		 1},
		{.doc = "Options of the tracer:", .group = 2},
	};
	size_t fixed = sizeof(own) / sizeof(*own);
	struct argp_option *all = calloc(fixed + tracer_option_count + 1, sizeof(*all));

	if (!all)
		return NULL;
	memcpy(all, own, sizeof(own));
	for (size_t i = 0; i < tracer_option_count; i++) {
		const struct tracer_option *option = &tracer_options[i];
		struct argp_option *flag = &all[fixed + i];
		char *name = strdup(option->name), *text;

		if (!name || asprintf(&text, "%s (%s; default: %s)", option->purpose,
				      option->accepted, option->value) < 0)
			return NULL;
		for (char *letter = name; *letter; letter++)
			*letter = *letter == '_' ? '-' : (char)tolower((unsigned char)*letter);
		flag->name = name;
		flag->key = KEY_TRACER + (int)i;
		flag->arg = "VALUE";
		flag->flags = is_boolean(option) ? OPTION_ARG_OPTIONAL : 0;
		flag->doc = text;
		flag->group = 2;
	}
	return all;
}

/* Puts the flags into the environment; refuses what the tracer would refuse. */
static int set_options(struct run *run)
{
	for (size_t i = 0; i < tracer_option_count; i++) {
		const struct tracer_option *option = &tracer_options[i];
		char name[64];

		if (!run->values[i])
			continue;
		if (!options_accept(option->name, run->values[i])) {
			for (char *letter = strcpy(name, option->name); *letter; letter++)
				*letter = (char)tolower((unsigned char)*letter);
			say("--%s=%s is not accepted: %s", name, run->values[i], option->accepted);
			return -EINVAL;
		}
		snprintf(name, sizeof(name), "FDTRAIL_%s", option->name);
		if (environment_set(&run->environment, name, run->values[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Fills in how the program is to be traced. 0, or the exit status after a line that says why not.
 */
static int choose_engine(struct run *run)
{
	const struct program_file *program = &run->program;
	const char *why = NULL;

	program_look(run->argv[0], &run->program);
	switch (program->kind) {
	case PROGRAM_NOT_FOUND:
		say("%s: %s", program->path, strerror(program->error));
		return LAUNCH_NOT_FOUND;
	case PROGRAM_CANNOT_RUN:
		say("%s: %s", program->path, strerror(program->error));
		return LAUNCH_CANNOT_RUN;
	case PROGRAM_32BIT:
		say("%s is a 32-bit program: only 64-bit ones can be traced", program->path);
		return LAUNCH_TROUBLE;
	case PROGRAM_OTHER_MACHINE:
		say("%s is a program for another processor: it can't be traced", program->path);
		return LAUNCH_TROUBLE;
	case PROGRAM_PRIVILEGED:
		say("%s runs with more rights than you have (setuid, setgid or capabilities), so "
		    "the "
		    "kernel lets nobody trace it; run it as the user whose rights it takes",
		    program->path);
		return LAUNCH_TROUBLE;
	case PROGRAM_STATIC:
		why = "is statically linked";
		break;
	case PROGRAM_GO:
		why = "is a Go program";
		break;
	case PROGRAM_OTHER_LIBC:
		why = "is not linked with glibc";
		break;
	case PROGRAM_DYNAMIC:
		break;
	}
	if (run->engine == ENGINE_AUTO)
		run->engine = why ? ENGINE_PTRACE : ENGINE_PRELOAD;
	if (run->engine == ENGINE_PRELOAD && why) {
		say("--engine=preload: %s %s, so a preloaded library can't see what it opens",
		    program->path, why);
		return LAUNCH_TROUBLE;
	}
	return 0;
}

/* Puts the tracer into LD_PRELOAD. 0, or the exit status after a line. */
static int set_preload(struct run *run)
{
	char library[PATH_MAX], link[PATH_MAX];
	int error = tracer_library_find(library, sizeof(library));

	if (error < 0) {
		say("libfdtrail.so is neither where it was installed to nor in a build folder: %s",
		    strerror(-error));
		return LAUNCH_TROUBLE;
	}
	if (!tracer_library_can_be_named(library)) {
		error = folder_create(run->folder);
		if (error < 0) {
			*run->folder = '\0';
			say("can't make a temporary folder: %s", strerror(-error));
			return LAUNCH_TROUBLE;
		}
		error = folder_link(run->folder, library, link);
		if (error < 0) {
			say("can't make a link in %s: %s", run->folder, strerror(-error));
			return LAUNCH_TROUBLE;
		}
		memcpy(library, link, strlen(link) + 1);
	}
	if (environment_preload(&run->environment, library) < 0) {
		say("%s", strerror(ENOMEM));
		return LAUNCH_TROUBLE;
	}
	return 0;
}

static int become_program(void *data, int told)
{
	struct run *run = data;
	struct engine_request request = {
		.path = run->program.found,
		.argv = run->argv,
		.envp = run->environment.variables,
		.go_ancestors = 10,
		.http = true,
	};

	/* Its own messages, and its own exit status. */
	if (run->engine == ENGINE_PTRACE) {
		close(told);
		_exit(engine_exec(&request));
	}
	execvpe(run->argv[0], run->argv, run->environment.variables);
	return errno;
}

static void nothing(void *data)
{
}

static int start_and_wait(struct run *run)
{
	int error = launch_prepare(&run->launch);

	if (error < 0) {
		say("can't wait for the program: %s", strerror(-error));
		return LAUNCH_TROUBLE;
	}
	error = launch_start(&run->launch, become_program, run);
	if (error) {
		say("can't execute %s: %s", run->argv[0], strerror(error));
		return error == ENOENT ? LAUNCH_NOT_FOUND : LAUNCH_CANNOT_RUN;
	}
	int status = launch_exit_status(launch_wait(&run->launch, -1, nothing, NULL));
	launch_finish(&run->launch);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct run run = {.values = calloc(tracer_option_count, sizeof(*run.values))};
	struct argp argp = {
		.options = flags(),
		.parser = parse,
		.args_doc = "-- COMMAND [ARGUMENT...]",
		.doc = "Start a program under the tracer, wait for it, and report what it leaves "
		       "open "
		       "and which code opened it. The exit status is that of the program; 128+N "
		       "when "
		       "signal N ended it, 125 when fdtrail itself failed, 126 when the command "
		       "can't "
		       "be executed, 127 when it is not found.",
	};
	int status = LAUNCH_TROUBLE;

	argp_err_exit_status = LAUNCH_TROUBLE;
	if (!run.values || !argp.options || environment_init(&run.environment) < 0) {
		say("%s", strerror(ENOMEM));
		return LAUNCH_TROUBLE;
	}
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run);
	if (set_options(&run) == 0 && (status = choose_engine(&run)) == 0 &&
	    (run.engine == ENGINE_PTRACE || (status = set_preload(&run)) == 0))
		status = start_and_wait(&run);
	if (*run.folder)
		folder_remove(run.folder);
	environment_finish(&run.environment);
	free(run.values);
	launch_end_alike(&run.launch, status);
	return status;
}
