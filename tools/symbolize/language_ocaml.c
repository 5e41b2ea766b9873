// SPDX-License-Identifier: MIT
/* OCaml. The symbols of native code are "camlMODULE__function_NUMBER", with newer compilers
 * "camlMODULE.function_NUMBER". */
#include "language.h"

#include <stddef.h>
#include <string.h>

static bool detect(const char *function, const char *file)
{
	(void)file;
	return function && strncmp(function, "caml", 4) == 0;
}

/* The standard library, and the runtime, which is linked into each program. */
static bool is_runtime(const char *function, const char *file)
{
	static const char *const names[] = {
		"camlStdlib", "camlCamlinternal", "camlUnix", "camlThread", "caml_",
	};

	(void)file;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(function, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

const struct language language_ocaml = {
	.detect = detect,
	.is_runtime = is_runtime,
};
