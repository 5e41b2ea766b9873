// SPDX-License-Identifier: MIT
/*
 * OCaml. OCaml's own tables (source_ocaml.c) name functions as its backtraces do: "Main.poll". The
 * symbols of native code are "camlMODULE__function_NUMBER", with newer compilers
 * "camlMODULE.function_NUMBER".
 */
#include "language.h"

#include <stddef.h>
#include <string.h>

static const char symbol[] = "caml";

static bool detect(const char *function, const char *file)
{
	size_t size = file ? strlen(file) : 0;

	return (function && strncmp(function, symbol, sizeof(symbol) - 1) == 0) ||
	       (size > 3 && strcmp(file + size - 3, ".ml") == 0);
}

/* Whether the module with this name, or a part of it ("Stdlib__Printf"), has the function. */
static bool in_module(const char *function, const char *module)
{
	size_t size = strlen(module);

	return strncmp(function, module, size) == 0 &&
	       (!function[size] || function[size] == '.' || strncmp(function + size, "__", 2) == 0);
}

/* The standard library, and the runtime, which is linked into each program. */
static bool is_runtime(const char *function, const char *file)
{
	static const char *const modules[] = {
		"Stdlib", "Unix", "UnixLabels", "Thread", "Mutex", "Condition", "Event",
	};
	static const char internal[] = "Camlinternal";

	(void)file;
	if (!function)
		return false;
	if (strncmp(function, symbol, sizeof(symbol) - 1) == 0) {
		function += sizeof(symbol) - 1;
		if (*function == '_')
			return true;
	}
	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (in_module(function, modules[i]))
			return true;
	return strncmp(function, internal, sizeof(internal) - 1) == 0;
}

const struct language language_ocaml = {
	.detect = detect,
	.is_runtime = is_runtime,
};
