// SPDX-License-Identifier: MIT
/* The functions that a stack of the torture's has to show. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

enum { NAMES_MAX = 128 };

struct names {
	const char *names[NAMES_MAX]; /* innermost first */
	int count;
	bool to_base; /* the last one is the thread's function; other functions of its loop may lie
		       * before it */
	char first[64];
};

/* The names of the stack that opened a thing, and of the one that closed one: a closer of pairs.h.
 */
void names_of_thing(struct names *names, const struct thing *thing);
void names_of_closer(struct names *names, uint32_t closer);

/* The names for a function by which a thread does something on a path: name and number make the
 * innermost name, then come the caller, the path, and the one that has begun it. */
void names_on_path(struct names *names, const char *name, int number, const char *caller, int path,
		   const char *begun_by, const char *base);

/* The first frame that differs, or -1. */
int names_differ(const struct names *names, const char *const functions[], int function_count);
