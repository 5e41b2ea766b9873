// SPDX-License-Identifier: MIT
/* fdtrail help: what there is, or the help of one verb. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/parse.h"
#include "tools/arguments/verb.h"

static int list_verbs(void)
{
	puts("usage: fdtrail VERB [ARGUMENT...]\n\n"
	     "Which code opened the descriptors that a program never closes?\n");
	for (size_t i = 0; i < verb_count; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
	puts("\n`fdtrail VERB --help` shows how a verb is used; fdtrail(1) says more.");
	return EXIT_CLEAN;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	const char **name = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*name) {
		fputs("fdtrail help: one verb at a time\n", stderr);
		exit(EXIT_TROUBLE);
	}
	*name = argument;
	return 0;
}

int cmd_help(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse,
		.args_doc = "[VERB]",
		.doc = "List the verbs, or show how one of them is used.\v"
		       "Example:\n"
		       "  fdtrail help run",
	};
	const char *wanted = NULL;
	char name[64];

	arguments_parse(&argp, argc, argv, 0, &wanted);
	if (!wanted)
		return list_verbs();

	const struct verb *verb = verb_find(wanted);
	if (!verb)
		return verb_unknown(wanted);
	snprintf(name, sizeof(name), "fdtrail %s", verb->name);
	return verb->run(2, (char *[]){name, "--help", NULL});
}
