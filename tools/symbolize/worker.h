// SPDX-License-Identifier: MIT
/*
 * Reads one module's files in a child process. ELF and DWARF are large formats and their readers
 * break on damaged files; whoever sends a snapshot may send a library with it. What breaks, loops
 * or hangs on a lock there ends the child, and the module is asked again with the sources that come
 * behind.
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
	unsigned int seconds;                     /* of CPU time that the child may use */
	/* Called for each address that has an answer, in any order. locations and their strings are
	 * worker_run's, and gone afterwards. */
	void (*found)(void *data, size_t index, const struct name_source *source,
		      const struct model_location *locations, size_t count);
	/* Called at the start of each step and several times a second while it lasts; or NULL. */
	void (*waiting)(void *data, const char *step);
	void *data;
};

/* Finds the names. Returns 0, and in trouble what went wrong with the module's file, or an empty
 * string; or a negative errno when there was no child, no pipe or no memory. Signals are left as
 * they are. */
int worker_run(const struct worker_request *request, char trouble[MODULE_TROUBLE_SIZE]);
