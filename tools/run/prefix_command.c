// SPDX-License-Identifier: MIT
/*
 * See prefix_command.h. The only options known are env's -C and -u: the first other argument that
 * can be executed is taken for the program. If that is wrong, the engine may be wrong, and the
 * report says that the program wasn't seen.
 */
#include "prefix_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/base_name.h"

/* Sorted, for bsearch. */
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
	return bsearch(base_name(command), commands, sizeof(commands) / sizeof(*commands),
		       sizeof(*commands), compare) != NULL;
}

static bool is_env(const char *command)
{
	return strcmp(base_name(command), "env") == 0;
}

/* The argument of an env(1) option in the same word, as getopt_long(3) reads it. An empty string:
 * the argument is the next word. NULL: the word isn't this option. */
static const char *after_option(const char *word, char letter, const char *name)
{
	enum {
		SHORTEST = 3
	}; /* env's long options that take arguments differ in their first
			        * letter */

	if (word[0] != '-')
		return NULL;
	if (word[1] == '-') {
		size_t length = strcspn(word, "=");

		if (length < SHORTEST || strncmp(word, name, length) != 0)
			return NULL;
		return word[length] ? word + length + 1 : word + length;
	}
	word += 1 + strspn(word + 1, "i0v");
	return *word == letter ? word + 1 : NULL;
}

/* Whether this option begins at words[*at]. If so, sets *at to its last word, and *argument to its
 * argument, or NULL if that is missing. */
static bool takes_option(char *const words[], size_t *at, char letter, const char *name,
			 const char **argument)
{
	const char *after = after_option(words[*at], letter, name);

	if (!after)
		return false;
	*argument = *after ? after : words[*at + 1];
	if (!*after && *argument)
		++*at;
	return true;
}

/* Changes folder as chdir(2) would; an empty string is our own folder. */
static void enter(char folder[PATH_MAX], const char *to)
{
	size_t length = *to == '/' ? 0 : strlen(folder);

	snprintf(folder + length, PATH_MAX - length, "%s%s", length ? "/" : "", to);
}

/* Looks for command as a process in folder would. */
static void look_from(const char *folder, const char *command, struct program_file *file)
{
	char path[PATH_MAX];
	bool is_elsewhere = *folder && *command != '/' && strchr(command, '/');

	if (is_elsewhere && snprintf(path, sizeof(path), "%s/%s", folder, command) < PATH_MAX)
		command = path;
	program_look(command, file);
}

bool prefix_command_look(char *const argv[], struct program_file *file)
{
	char folder[PATH_MAX] = "";
	const char *next_folder = NULL, *unset;
	bool env = is_env(argv[0]);

	if (!is_prefix(argv[0]))
		return false;
	for (size_t i = 1; argv[i]; i++) {
		if (env && (takes_option(argv, &i, 'C', "--chdir", &next_folder) ||
			    takes_option(argv, &i, 'u', "--unset", &unset)))
			continue;
		if (argv[i][0] == '-')
			continue;
		/* The options end here; the last -C counts. */
		if (next_folder)
			enter(folder, next_folder);
		next_folder = NULL;
		env = is_env(argv[i]);
		if (is_prefix(argv[i]))
			continue;
		look_from(folder, argv[i], file);
		if (file->kind != PROGRAM_NOT_FOUND && file->kind != PROGRAM_CANNOT_RUN)
			return true;
	}
	return false;
}
