// SPDX-License-Identifier: MIT
/* Lists the words that an option accepts, for the completions. They come from the tables that the
 * option's parser uses. */
#pragma once

/* Writes the words that option ("--format") of a verb accepts to standard output, one a line.
 * Writes nothing if the option has no such list. */
void value_words_print(const char *verb, const char *option);
