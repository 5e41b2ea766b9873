// SPDX-License-Identifier: MIT
/* fdtrail help: what there is, or the help of one verb. */
#include <stdio.h>
#include <string.h>

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

int cmd_help(int argc, char **argv)
{
	char name[64];

	if (argc < 2 || argv[1][0] == '-')
		return list_verbs();

	const struct verb *verb = verb_find(argv[1]);
	if (!verb)
		return verb_unknown(argv[1]);
	snprintf(name, sizeof(name), "fdtrail %s", verb->name);
	return verb->run(2, (char *[]){name, "--help", NULL});
}
