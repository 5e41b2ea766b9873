// SPDX-License-Identifier: MIT
/*
 * Reads a source map (ECMA-426): which line of which source a line of generated JavaScript comes
 * from. A compiler (TypeScript's tsc, for one) writes it into the file or beside it. The text may
 * be damaged or hostile.
 */
#pragma once

#include <stddef.h>

struct source_map;

/* Reads a map's JSON. NULL: it isn't a map of version 3, or has sections, or there is no memory. */
struct source_map *source_map_read(const char *json, size_t size);
void source_map_destroy(struct source_map *map);

/* The source of this line of the generated file, both counted from 1, and the source's name as in
 * the map, which it keeps. 0: none, or more than one: only whole lines can be told, not columns. */
int source_map_line(const struct source_map *map, int generated, const char **source);

/* The folder in front of all names ("sourceRoot"); "" if there is none. */
const char *source_map_root(const struct source_map *map);

/* The JSON of a map that lies in the generated file itself: decodes the base64 text of a data: URL.
 * Returns a string of *size bytes to be freed; NULL: it is another kind of URL, or no memory. */
char *source_map_inline(const char *url, size_t length, size_t *size);
