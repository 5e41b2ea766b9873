// SPDX-License-Identifier: MIT
/*
 * The command: finds the verb in the table and runs it. Each verb is in a file of its own.
 */
#include <argp.h>
#include <obstack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/nearest.h"
#include "tools/arguments/verb.h"

/* In the order of use. */
const struct verb verbs[] = {
	{"run", "start a program under the tracer, and report what it leaves open", cmd_run},
	{"snapshot", "show what a running process has open, with call stacks", cmd_snapshot},
	{"top", "watch what running processes have open, group by group", cmd_top},
	{"export", "serve what running processes have open as metrics for Prometheus", cmd_export},
	{"attach", "record what a running process opens from now on", cmd_attach},
	{"detach", "end what attach has begun in a process", cmd_detach},
	{"report", "show snapshots as text, JSON, a profile, metrics", cmd_report},
	{"diff", "show what grew between two snapshots", cmd_diff},
	{"check", "check a snapshot or a process against limits, for CI", cmd_check},
	{"options", "list the tracer's options", cmd_options},
	{"help", "list the verbs, or show how one of them is used", cmd_help},
	{"version", "show the versions of fdtrail and of the libraries it uses", cmd_version},
};

const size_t verb_count = sizeof(verbs) / sizeof(*verbs);

const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < verb_count; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static const char *verb_name(size_t index)
{
	return verbs[index].name;
}

int verb_unknown(const char *name)
{
	fprintf(stderr, "fdtrail: there is no verb '%s'", name);
	nearest_say(stderr, name, verb_name, verb_count);
	fputs("`fdtrail help` lists them\n", stderr);
	return EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
	static char name[64];

	argp_err_exit_status = EXIT_TROUBLE;
	obstack_exit_failure = EXIT_TROUBLE;
	if (argc < 2) {
		cmd_help(1, (char *[]){"fdtrail help", NULL});
		return EXIT_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return cmd_help(1, argv);
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		argv[1] = "version";

	const struct verb *verb = verb_find(argv[1]);
	if (!verb)
		return verb_unknown(argv[1]);
	snprintf(name, sizeof(name), "fdtrail %s", verb->name);
	argv[1] = name;
	return verb->run(argc - 1, argv + 1);
}
