// SPDX-License-Identifier: MIT
/*
 * Chooses the engine that traces a program, and starts it: the preload for a program that is
 * dynamically linked with glibc; ptrace for one that no preload can see, with planted code if it is
 * a Go program; and an error message if neither works. A program with more rights than its user
 * runs without an engine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/engine/tracer/engine.h"
#include "folder.h"
#include "prefix_command.h"
#include "run.h"
#include "tools/arguments/say.h"
#include "tracer_library.h"

const char *const run_engine_names[] = {
	[RUN_AUTO] = "auto",
	[RUN_PRELOAD] = "preload",
	[RUN_PTRACE] = "ptrace",
	[RUN_PLANTED] = "planted",
};

/* The planted engine is the ptrace engine, which plants code where it can. */
static bool is_traced_by_ptrace(const struct run *run)
{
	return run->engine == RUN_PTRACE || run->engine == RUN_PLANTED;
}

/* The reason, in words, why a preloaded library can't see what such a program opens. NULL: it can,
 * or no engine can. */
static const char *unseen(enum program_kind kind)
{
	switch (kind) {
	case PROGRAM_STATIC:
		return "is statically linked";
	case PROGRAM_GO:
		return "is a Go program";
	case PROGRAM_OTHER_LIBC:
		return "is not linked with glibc";
	default:
		return NULL;
	}
}

/* Fills in the engine that is to trace the program. 0, or the exit status, after a line that says
 * why it can't be traced. */
static int choose(struct run *run)
{
	const struct program_file *program = &run->program;
	struct program_file behind;
	const char *why;

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
		say("%s has more rights than you (%s): it runs untraced, with its rights; neither "
		    "it nor what it starts is seen",
		    program->path, program->rights);
		run->engine = RUN_UNTRACED;
		return 0;
	case PROGRAM_STATIC:
	case PROGRAM_GO:
	case PROGRAM_OTHER_LIBC:
	case PROGRAM_DYNAMIC:
		break;
	}
	why = unseen(program->kind);
	if (run->engine == RUN_AUTO) {
		bool other = prefix_command_look(run->argv, &behind) && unseen(behind.kind);
		enum program_kind kind = other ? behind.kind : program->kind;

		run->engine = !why && !other       ? RUN_PRELOAD
			      : kind == PROGRAM_GO ? RUN_PLANTED
						   : RUN_PTRACE;
	}
	if (run->engine == RUN_PRELOAD && why) {
		say("--engine=preload: %s %s, so a preloaded library can't see what it opens",
		    program->path, why);
		return LAUNCH_TROUBLE;
	}
	return 0;
}

/* Adds a setting to a variable that holds a list of settings, unless the user has set it. 0 or
 * -ENOMEM. */
static int add_setting(struct run *run, const char *variable, char separator, const char *name,
		       const char *value)
{
	const char *settings = environment_get(&run->environment, variable);
	char *all;

	if (settings && strstr(settings, name))
		return 0;
	if (asprintf(&all, "%s%.*s%s%s", settings ? settings : "", settings && *settings,
		     &separator, name, value) < 0)
		return -ENOMEM;
	int error = environment_set(&run->environment, variable, all);
	free(all);
	return error;
}

/* Puts the tracer into LD_PRELOAD. 0, or the exit status after a line. */
static int set_preload(struct run *run)
{
	char library[PATH_MAX], link[PATH_MAX];
	int error = tracer_library_find(library, sizeof(library));

	if (error < 0) {
		say("can't find libfdtrail.so (tried " FDTRAIL_LIBDIR
		    " and ../preload, relative to fdtrail): %s; reinstall fdtrail",
		    strerror(-error));
		return LAUNCH_TROUBLE;
	}
	if (!tracer_library_can_be_named(library)) {
		error = run_need_folder(run);
		if (error)
			return error;
		error = folder_link(&run->folder, library, link);
		if (error < 0) {
			say("can't make a link in %s: %s", run->folder.path, strerror(-error));
			return LAUNCH_TROUBLE;
		}
		memcpy(library, link, strlen(link) + 1);
	}
	/* gcc's AddressSanitizer refuses to run after a preloaded library. The check is meant for
	 * libraries that replace malloc. */
	if (environment_preload(&run->environment, library) < 0 ||
	    add_setting(run, "ASAN_OPTIONS", ':', "verify_asan_link_order=", "0") < 0) {
		say("%s", strerror(ENOMEM));
		return LAUNCH_TROUBLE;
	}
	return 0;
}

/* Notes in the roster that this process is about to execute the program. The tracer notes there
 * that it has started. */
static void enter_program(const struct run *run)
{
	if (run->report.roster)
		roster_take(run->roster.header, ROSTER_EXECUTING, (int)getpid(), 0,
			    roster_pid_namespace(), run->argv[0], run->argv[0], ROSTER_NO_REASON);
}

int run_become_program(void *data, int told)
{
	struct run *run = data;
	struct engine_request request = {
		.path = run->program.found,
		.argv = run->argv,
		.envp = run->environment.variables,
		.go_ancestors = run->go_ancestors,
		.http = run->http,
		.planted = run->engine == RUN_PLANTED,
		.roster = run->roster.header,
	};

	/* It prints its own messages, and returns its own exit status. */
	if (is_traced_by_ptrace(run)) {
		close(told);
		_exit(engine_exec(&request));
	}
	enter_program(run);
	execvpe(run->argv[0], run->argv, run->environment.variables);
	return errno;
}

/* Makes Go keep the stacks of a goroutine's ancestors (package runtime, "Environment Variables"),
 * unless the user has set that already. 0, or the exit status after a line. */
static int ask_for_ancestors(struct run *run)
{
	char count[16];

	snprintf(count, sizeof(count), "%u", run->go_ancestors);
	if (!run->go_ancestors ||
	    add_setting(run, "GODEBUG", ',', "tracebackancestors=", count) == 0)
		return 0;
	say("%s", strerror(ENOMEM));
	return LAUNCH_TROUBLE;
}

/* Only the library can change the numbers that a program gets, and see each read and write. */
static void tell_no_effect(const struct run *run)
{
	const char *spread = environment_get(&run->environment, "FDTRAIL_SPREAD");
	const char *used_by = environment_get(&run->environment, "FDTRAIL_USED_BY");

	if (spread && strcmp(spread, "1") == 0)
		say("--spread has no effect on %s, because ptrace traces it", run->program.path);
	if (used_by && strcmp(used_by, "all") == 0)
		say("--used-by has no effect on %s, because ptrace traces it", run->program.path);
}

int run_choose_engine(struct run *run)
{
	int status = choose(run);

	if (status == 0 && is_traced_by_ptrace(run))
		status = ask_for_ancestors(run);
	if (status == 0 && is_traced_by_ptrace(run))
		tell_no_effect(run);
	if (status == 0 && run->engine == RUN_PRELOAD)
		status = set_preload(run);
	return status;
}
