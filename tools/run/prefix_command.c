// SPDX-License-Identifier: MIT
/*
 * See prefix_command.h. Of their options only env's -C is known: the first argument that can be
 * executed is the program. Where that is wrong, the program is taken for what it is not, and the
 * report says that it was not seen.
 */
#include "prefix_command.h"

#include <stdio.h>
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

static const char *last_part(const char *command)
{
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

static bool is_prefix(const char *command)
{
	return bsearch(last_part(command), commands, sizeof(commands) / sizeof(*commands),
		       sizeof(*commands), compare) != NULL;
}

/* The folder that env(1) is to change to, when that is what arguments begin with; else NULL. */
static const char *folder_of(char *const arguments[])
{
	static const char longest[] = "--chdir=";

	if (strcmp(arguments[0], "-C") == 0 || strcmp(arguments[0], "--chdir") == 0)
		return arguments[1];
	if (strncmp(arguments[0], "-C", 2) == 0)
		return arguments[0] + 2;
	if (strncmp(arguments[0], longest, strlen(longest)) == 0)
		return arguments[0] + strlen(longest);
	return NULL;
}

/* Looks at command as it will be looked for in folder; NULL: in this one. */
static void look_from(const char *folder, const char *command, struct program_file *file)
{
	char path[PATH_MAX];
	bool is_elsewhere = folder && *command != '/' && strchr(command, '/');

	if (is_elsewhere && snprintf(path, sizeof(path), "%s/%s", folder, command) < PATH_MAX)
		command = path;
	program_look(command, file);
}

bool prefix_command_look(char *const argv[], struct program_file *file)
{
	const char *folder = NULL;
	bool is_env = strcmp(last_part(argv[0]), "env") == 0;

	if (!is_prefix(argv[0]))
		return false;
	for (size_t i = 1; argv[i]; i++) {
		if (is_env && folder_of(argv + i))
			folder = folder_of(argv + i);
		if (is_prefix(argv[i]))
			is_env = strcmp(last_part(argv[i]), "env") == 0;
		if (argv[i][0] == '-' || is_prefix(argv[i]))
			continue;
		look_from(folder, argv[i], file);
		if (file->kind != PROGRAM_NOT_FOUND && file->kind != PROGRAM_CANNOT_RUN)
			return true;
	}
	return false;
}
