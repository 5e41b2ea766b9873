// SPDX-License-Identifier: MIT
/* The environment that the program gets: ours, plus the tracer before other preloaded libraries,
 * and the tracer's options. */
#pragma once

#include <stddef.h>

struct environment {
	char **variables; /* as environ; NULL at its end */
	size_t count;
};

/* Starts with a copy of environ. 0 or -ENOMEM. */
int environment_init(struct environment *environment);
void environment_finish(struct environment *environment);

/* Sets NAME=value, and replaces an older value. 0 or -ENOMEM. */
int environment_set(struct environment *environment, const char *name, const char *value);

/* The value of NAME, or NULL. */
const char *environment_get(const struct environment *environment, const char *name);

/* Puts library before the others in LD_PRELOAD, unless it is there already. 0 or -ENOMEM. */
int environment_preload(struct environment *environment, const char *library);
