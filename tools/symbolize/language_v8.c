// SPDX-License-Identifier: MIT
/*
 * JavaScript in V8 (Node.js, Chromium). V8 names generated code (CodeEventLogger::NameBuffer in
 * src/logging/log.cc there) by its kind and a colon, a mark for how it was compiled, the function's
 * name, a blank, the script's name, line and column.
 */
#include "language.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Cuts a colon and a number off the end of text. Returns the number; 0 if there is none. */
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

/* The blank that ends the function's name and precedes the script's. The function's name may have
 * blanks, too. */
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

static bool parse_name(char *text, struct generated_name *name)
{
	static const char *const kinds[] = {
		"JS:",     "LazyCompile:", "Function:",
		"Script:", "Eval:",        "InterpretedFunction:", /* the last until Node 14 */
	};
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
		/* A single number is the line. */
		name->line = name->column;
		name->column = 0;
	}
	return true;
}

/* Node's own scripts have no path: "node:fs", before Node 16 "fs.js" and "internal/util.js". Those
 * of the program have whole paths or URLs. */
static bool is_runtime(const char *function, const char *file)
{
	(void)function;
	return strncmp(file, "node:", 5) == 0 ||
	       (*file != '/' && !strchr(file, ':') && strstr(file, ".js"));
}

static bool detect(const char *function, const char *file)
{
	static const char *const endings[] = {".js", ".mjs", ".cjs"};

	(void)function;
	if (!file)
		return false;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t size = strlen(file), ending = strlen(endings[i]);

		if (size > ending && strcmp(file + size - ending, endings[i]) == 0)
			return true;
	}
	return strncmp(file, "node:", 5) == 0;
}

const struct language language_v8 = {
	.detect = detect,
	.is_runtime = is_runtime,
	.name = parse_name,
};
