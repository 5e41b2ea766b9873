// SPDX-License-Identifier: MIT
/* Text in HTML. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/* Writes text so that no browser takes it for markup, inside elements and quoted attributes. Bytes
 * that are not UTF-8 and invisible characters except line ends become U+FFFD. */
void html_put(FILE *file, const char *text);
