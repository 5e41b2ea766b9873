// SPDX-License-Identifier: MIT
/* See environment.h. */
#include "environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t index_of(const struct environment *environment, const char *name)
{
	size_t length = strlen(name), i = 0;

	while (i < environment->count && (strncmp(environment->variables[i], name, length) != 0 ||
					  environment->variables[i][length] != '='))
		i++;
	return i;
}

/* Puts variable, which is on the heap and NULL if there was no memory, at that place, and owns it
 * from now on. */
static int put(struct environment *environment, size_t at, char *variable)
{
	if (!variable)
		return -ENOMEM;
	if (at == environment->count) {
		char **more = reallocarray(environment->variables, at + 2, sizeof(*more));

		if (!more) {
			free(variable);
			return -ENOMEM;
		}
		environment->variables = more;
		more[++environment->count] = NULL;
	} else {
		free(environment->variables[at]);
	}
	environment->variables[at] = variable;
	return 0;
}

int environment_init(struct environment *environment)
{
	int error = 0;

	*environment = (struct environment){0};
	for (char **variable = environ; variable && *variable && !error; variable++)
		error = put(environment, environment->count, strdup(*variable));
	return error;
}

void environment_finish(struct environment *environment)
{
	for (size_t i = 0; i < environment->count; i++)
		free(environment->variables[i]);
	free(environment->variables);
}

const char *environment_get(const struct environment *environment, const char *name)
{
	size_t at = index_of(environment, name);

	return at < environment->count ? environment->variables[at] + strlen(name) + 1 : NULL;
}

int environment_set(struct environment *environment, const char *name, const char *value)
{
	char *variable;

	if (asprintf(&variable, "%s=%s", name, value) < 0)
		return -ENOMEM;
	return put(environment, index_of(environment, name), variable);
}

static bool lists(const char *list, const char *library)
{
	size_t length = strlen(library);

	for (; *list; list += strspn(list, " :")) {
		size_t word = strcspn(list, " :");

		if (word == length && memcmp(list, library, length) == 0)
			return true;
		list += word;
	}
	return false;
}

int environment_preload(struct environment *environment, const char *library)
{
	const char *others = environment_get(environment, "LD_PRELOAD");
	char *list;
	int error;

	if (others && lists(others, library))
		return 0;
	if (asprintf(&list, "%s%s%s", library, others && *others ? ":" : "", others ? others : "") <
	    0)
		return -ENOMEM;
	error = environment_set(environment, "LD_PRELOAD", list);
	free(list);
	return error;
}
