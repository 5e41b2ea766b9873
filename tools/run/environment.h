// SPDX-License-Identifier: MIT
/* The environment that the program gets: ours, with the tracer put before other preloaded
 * libraries, and its options. */
#pragma once

#include <stddef.h>

struct environment {
	char **variables; /* as environ; NULL at its end */
	size_t count;
};

/* Begins with a copy of environ. 0 or -ENOMEM. */
int environment_init(struct environment *environment);
void environment_finish(struct environment *environment);

/* Sets NAME=value, in the place of an older value. 0 or -ENOMEM. */
int environment_set(struct environment *environment, const char *name, const char *value);

/* The value of NAME, or NULL. */
const char *environment_get(const struct environment *environment, const char *name);

/* Puts library before what LD_PRELOAD has, unless it is there already. 0 or -ENOMEM. */
int environment_preload(struct environment *environment, const char *library);
