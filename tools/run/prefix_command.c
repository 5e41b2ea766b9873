// SPDX-License-Identifier: MIT
/*
 * See prefix_command.h. Their options are not parsed: the first argument that can be executed is
 * the program. Where that is wrong (env -C has another folder), the program is taken for what it is
 * not, and the report says that it was not seen.
 */
#include "prefix_command.h"

#include <stdlib.h>
#include <string.h>

/* Sorted. */
static const char *const commands[] = {
	"chrt",    "env",    "ionice", "linux64", "nice", "nohup",   "numactl", "prlimit",
	"setarch", "setsid", "stdbuf", "taskset", "time", "timeout", "x86_64",
};

static int compare(const void *name, const void *command)
{
	return strcmp(name, *(const char *const *)command);
}

static bool is_prefix(const char *command)
{
	const char *slash = strrchr(command, '/');

	return bsearch(slash ? slash + 1 : command, commands, sizeof(commands) / sizeof(*commands),
		       sizeof(*commands), compare) != NULL;
}

bool prefix_command_look(char *const argv[], struct program_file *file)
{
	if (!is_prefix(argv[0]))
		return false;
	for (size_t i = 1; argv[i]; i++) {
		if (argv[i][0] == '-' || is_prefix(argv[i]))
			continue;
		program_look(argv[i], file);
		if (file->kind != PROGRAM_NOT_FOUND && file->kind != PROGRAM_CANNOT_RUN)
			return true;
	}
	return false;
}
