// SPDX-License-Identifier: MIT
/* The words that an option accepts, from the tables that its parser uses: for the completions. */
#pragma once

/* Writes the words that option ("--format") of a verb accepts to standard output, a line each;
 * nothing where there is no such list. */
void value_words_print(const char *verb, const char *option);
