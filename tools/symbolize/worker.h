// SPDX-License-Identifier: MIT
/*
 * Reads one module's files in a child process. ELF and DWARF are large formats, and their parsers
 * crash on damaged files; a sender of a snapshot may send a forged library with it. A crash, an
 * endless loop or a hang ends the child only, and the next child continues with the sources that
 * follow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/model/model.h"
#include "module_file.h"

struct worker_request {
	struct module_wanted module;
	const uint64_t *addresses; /* sorted, each once */
	size_t count;
	const struct name_source *const *sources; /* in this order; ends with NULL */
	unsigned int seconds;                     /* CPU time that the child may use */
	/* Called for each address that has an answer, in any order. locations and their strings are
	 * valid only during the call. */
	void (*found)(void *data, size_t index, const struct name_source *source,
		      const struct model_location *locations, size_t count);
	/* Called at the start of each step and several times a second while it lasts; or NULL. */
	void (*waiting)(void *data, const char *step);
	void *data;
};

/* Finds the names. Returns 0, and in trouble the problem with the module's file or an empty string;
 * or a negative errno if there was no child, pipe or memory. Does not change signal
 * dispositions. */
int worker_run(const struct worker_request *request, char trouble[MODULE_TROUBLE_SIZE]);
