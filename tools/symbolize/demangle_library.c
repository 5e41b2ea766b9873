// SPDX-License-Identifier: MIT
/* See demangle_library.h. __cxa_demangle() is in the Itanium C++ ABI: Exception Handling, 3.4. */
#include "demangle_library.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

typedef char *(*cxa_demangle_fn)(const char *mangled, char *buffer, size_t *size, int *status);

/* LLVM's library knows clang's names; GCC's may be newer than our libiberty. */
static const char *const libraries[] = {"libc++abi.so.1", "libstdc++.so.6"};
enum { LIBRARIES = sizeof(libraries) / sizeof(*libraries) };

static cxa_demangle_fn load(const char *library)
{
	void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);

	return handle ? (cxa_demangle_fn)dlsym(handle, "__cxa_demangle") : NULL;
}

/* The name without its return type, which only templates have. The name begins after the last blank
 * outside brackets that precedes the parameters. An operator's name is left as it is, because it
 * has blanks and brackets of its own. */
static const char *without_return_type(const char *name)
{
	const char *begins = name;
	int depth = 0;

	if (strstr(name, "operator"))
		return name;
	for (const char *at = name; *at; at++) {
		if (*at == '(' && depth == 0 && at > begins && at[-1] != ':')
			return begins;
		if (strchr("<([{", *at))
			depth++;
		else if (strchr(">)]}", *at))
			depth--;
		else if (isspace((unsigned char)*at) && depth == 0)
			begins = at + 1;
	}
	return name; /* not a function */
}

const char *demangle_by_library(const char *mangled, char *text)
{
	static cxa_demangle_fn functions[LIBRARIES];
	static bool loaded;
	const char *result = mangled;

	if (strncmp(mangled, "_Z", 2) != 0 ||
	    strnlen(mangled, DEMANGLE_NAME_MAX + 1) > DEMANGLE_NAME_MAX)
		return mangled;
	for (size_t i = 0; i < LIBRARIES && !loaded; i++)
		functions[i] = load(libraries[i]);
	loaded = true;
	for (size_t i = 0; i < LIBRARIES && result == mangled; i++) {
		char *name = functions[i] ? functions[i](mangled, NULL, NULL, NULL) : NULL;
		const char *shown = name ? without_return_type(name) : NULL;

		if (shown && *shown && strlen(shown) < DEMANGLE_TEXT_MAX)
			result = strcpy(text, shown);
		free(name);
	}
	return result;
}
