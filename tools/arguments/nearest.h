// SPDX-License-Identifier: MIT
/* Suggests the known word that a mistyped one was probably meant to be, and lists the known
 * words. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Returns the word of name_of(0) .. name_of(count - 1) that is nearest to typed, or NULL if none is
 * near. */
const char *nearest(const char *typed, const char *(*name_of)(size_t index), size_t count);

/* Continues a message after "there is no ... 'TYPED'": writes "; did you mean 'NEAR'? ", or "; " if
 * none is near. Returns whether one is near, after which a new sentence begins. */
bool nearest_say(FILE *file, const char *typed, const char *(*name_of)(size_t index), size_t count);

/* The words of a table in a sentence, the first as the default: "text (the default), folded or
 * json". On the heap; NULL: no memory. */
char *nearest_list(const char *(*name_of)(size_t index), size_t count);
