// SPDX-License-Identifier: MIT
/* See language.h. */
#include "language.h"

#include <stddef.h>

/* The first row that recognizes a function has it. OCaml comes before Go because the names of both
 * have dots. */
static const struct language *const languages[] = {
	&language_v8,
	&language_ocaml,
	&language_go,
};

enum { LANGUAGES = sizeof(languages) / sizeof(*languages) };

const struct language *language_of(const char *function, const char *file)
{
	for (size_t i = 0; i < LANGUAGES && (function || file); i++)
		if (languages[i]->detect(function, file))
			return languages[i];
	return NULL;
}

bool language_parse_name(char *text, struct generated_name *name)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		if (languages[i]->name && languages[i]->name(text, name))
			return true;
	return false;
}
