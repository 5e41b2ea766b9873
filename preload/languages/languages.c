// SPDX-License-Identifier: MIT
/* See languages.h. */
#include "languages.h"

#include <stddef.h>

#include "preload/core/ledger/language_table.h"

const struct interpreter *const languages[] = {
	&erlang, &java, &perl, &php, &python, &ruby, &v8, NULL,
};

_Static_assert(sizeof(languages) / sizeof(*languages) - 1 <= LANGUAGES_MAX,
	       "a frame's language is a number below that");
