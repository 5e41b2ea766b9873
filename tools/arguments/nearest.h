// SPDX-License-Identifier: MIT
/* Known words: the one that a mistyped one was probably meant to be, and the list of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Returns of the words name_of(0) .. name_of(count - 1) the one that most resembles typed, or NULL
 * when none is near. */
const char *nearest(const char *typed, const char *(*name_of)(size_t index), size_t count);

/* Writes what follows "there is no ... 'TYPED'": "; did you mean 'NEAR'? ", or "; " when none is
 * near. Returns whether one is, so that a new sentence begins. */
bool nearest_say(FILE *file, const char *typed, const char *(*name_of)(size_t index), size_t count);

/* The words of a table in a sentence, the first as the default: "text (the default), folded or
 * json". On the heap; NULL: no memory. */
char *nearest_list(const char *(*name_of)(size_t index), size_t count);
