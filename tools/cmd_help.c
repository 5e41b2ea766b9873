// SPDX-License-Identifier: MIT
/* fdtrail help: lists the verbs, or shows the help of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments/command_line.h"
#include "value_words.h"
#include "tools/arguments/verb.h"

static int list_verbs(void)
{
	puts("usage: fdtrail VERB [ARGUMENT...]\n\n"
	     "fdtrail finds file-descriptor leaks: it lists what a program has left open,\n"
	     "with the call stack that opened it.\n");
	for (size_t i = 0; i < verb_count; i++)
		printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
	puts("\n`fdtrail VERB --help` shows how a verb is used. The manual page is fdtrail(1).");
	return EXIT_CLEAN;
}

struct wanted {
	const char *verb;   /* or NULL */
	const char *option; /* list the words that this option accepts; or NULL */
};

enum { KEY_VALUES = 0x1000 };

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct wanted *wanted = state->input;

	if (key == KEY_VALUES) {
		wanted->option = argument;
		return 0;
	}
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (wanted->verb) {
		fputs("fdtrail help: give one verb at a time\n", stderr);
		exit(EXIT_TROUBLE);
	}
	wanted->verb = argument;
	return 0;
}

int cmd_help(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"values", KEY_VALUES, "OPTION", OPTION_HIDDEN, NULL, 0}, /* for completions */
		{0},
	};
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "[VERB]",
		.doc = "List the verbs, or show how one of them is used.\v"
		       "Example:\n"
		       "  fdtrail help run",
	};
	struct wanted wanted = {0};
	char name[64];

	arguments_parse(&argp, argc, argv, 0, &wanted);
	if (!wanted.verb)
		return list_verbs();

	const struct verb *verb = verb_find(wanted.verb);
	if (!verb)
		return verb_unknown(wanted.verb);
	if (wanted.option) {
		value_words_print(verb->name, wanted.option);
		return EXIT_CLEAN;
	}
	snprintf(name, sizeof(name), "fdtrail %s", verb->name);
	return verb->run(2, (char *[]){name, "--help", NULL});
}
