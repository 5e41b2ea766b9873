// SPDX-License-Identifier: MIT
/*
 * See generated.h. V8's form (CodeEventLogger::NameBuffer in src/logging/log.cc there): what it is
 * and a colon, a mark for how it was compiled, the function's name, a blank, the script's name,
 * line and column.
 */
#include "generated.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The number at the end of text, behind a colon, which is cut off; 0 when there is none. */
static int take_number(char *text)
{
	char *colon = strrchr(text, ':');
	char *end;
	long number;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return 0;
	number = strtol(colon + 1, &end, 10);
	if (*end || number <= 0 || number > INT_MAX)
		return 0;
	*colon = '\0';
	return (int)number;
}

/* Where the script's name begins: behind the blank that ends the function's, which may hold blanks,
 * too. */
static char *find_script(char *text)
{
	static const char *const beginnings[] = {" /", " node:", " file:", " evalmachine",
						 " internal/"};
	char *first = NULL;

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
		char *found = strstr(text, beginnings[i]);

		if (found && (!first || found < first))
			first = found;
	}
	return first ? first : strrchr(text, ' ');
}

bool generated_name_parse(char *text, struct generated_name *name)
{
	static const char *const kinds[] = {"JS:", "LazyCompile:", "Function:", "Script:", "Eval:"};
	static char anonymous[] = "(anonymous)";
	char *function = NULL, *script;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && !function; i++)
		if (strncmp(text, kinds[i], strlen(kinds[i])) == 0)
			function = text + strlen(kinds[i]);
	if (!function)
		return false;
	function += strspn(function, "*~^+-");
	script = find_script(function);
	if (!script || !script[1] || !strchr(script, ':'))
		return false;
	*script = '\0';
	name->function = *function ? function : anonymous;
	name->file = script + 1;
	name->column = take_number(name->file);
	name->line = take_number(name->file);
	if (!name->line) {
		/* One number is the line's. */
		name->line = name->column;
		name->column = 0;
	}
	return true;
}
