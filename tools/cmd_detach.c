// SPDX-License-Identifier: MIT
/*
 * fdtrail detach: ends what `fdtrail attach` has begun in running processes, and in those that they
 * have forked since.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/arguments/accept.h"
#include "tools/arguments/command_line.h"
#include "tools/arguments/verb.h"
#include "tools/attach/attach_process.h"
#include "tools/model/model_memory.h"
#include "tools/process/loaded_tracer.h"
#include "tools/process/outside_snapshot.h"
#include "tools/process/process.h"
#include "tools/process/subject.h"

static const struct accept values = {"fdtrail detach: ", EXIT_TROUBLE};

struct detaching {
	int first; /* the process that was named: it must be attached */
	const char *verb;
};

static bool is_attached(int pid)
{
	struct attach_door door;
	uintptr_t place;

	return loaded_tracer_door(pid, &door, &place) == 0 &&
	       atomic_load(&door.state) == ATTACH_AWAKE;
}

static bool detach(int pid, void *data)
{
	const struct detaching *detaching = data;
	struct attached attached;
	struct process process;
	char text[ATTACH_TEXT];
	int error;

	/* A child may have executed another program. */
	if (pid != detaching->first && !is_attached(pid))
		return true;
	error = process_read(&process, pid);
	if (error)
		outside_trouble(pid, error, text, sizeof(text));
	else
		error = detach_process(&process, &attached, text);
	/* A forked child may end at any moment, and its memory goes first. */
	if (error && pid != detaching->first && !is_attached(pid))
		return true;
	if (error)
		fprintf(stderr, "fdtrail %s: %s\n", detaching->verb, text);
	else
		fprintf(stderr, "fdtrail: detached from %s, process %d (paused for %.1f ms)\n",
			process.name, pid, (double)attached.paused_ns / 1e6);
	return !error;
}

bool cmd_detach_process(int pid, const char *verb)
{
	struct detaching detaching = {pid, verb};

	return subject_each(pid, true, verb, detach, &detaching);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct list *pids = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		*(int *)list_add(pids, sizeof(int)) = accept_pid(&values, argument);
		return 0;
	case ARGP_KEY_END:
		if (pids->count)
			return 0;
		fputs("fdtrail detach: no process is given: fdtrail detach PID...\n", stderr);
		exit(EXIT_TROUBLE);
	}
	return ARGP_ERR_UNKNOWN;
}

int cmd_detach(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "PID...",
		.doc = "End what `fdtrail attach` has begun in these processes, and in those that "
		       "they have forked since. The program calls the C library again as before; "
		       "fdtrail's library stays in its memory, asleep.\v"
		       "Exit status: 0 if all were detached, 2 if not.\n\n"
		       "Example:\n"
		       "  fdtrail detach $(pidof -s server)",
	};
	struct list pids = {0};
	bool good = true;

	arguments_parse(&argp, argc, argv, 0, &pids);
	const int *list = pids.items;
	for (size_t i = 0; i < pids.count; i++)
		good &= cmd_detach_process(list[i], "detach");
	list_finish(&pids);
	return good ? EXIT_CLEAN : EXIT_TROUBLE;
}
