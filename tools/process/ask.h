// SPDX-License-Identifier: MIT
/*
 * Asks a traced process for a snapshot, and waits for the answer (preload/core/base/channel.h).
 * Called by obtain.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

enum trace {
	TRACE_NONE,
	TRACE_PRELOAD, /* libfdtrail.so is loaded there */
	TRACE_ENGINE,  /* an fdtrail process ptraces it */
};

/* How process is traced: an enum trace; or a negative errno: -EACCES we have no permission to find
 * out. */
int ask_how_traced(const struct process *process);

/* Asks process, which is traced in that way, and waits for the answer. Returns a descriptor of the
 * text, at its beginning, which the caller closes; or a negative errno, and text, of size bytes,
 * says in one line, without a newline, what is wrong. */
int ask_snapshot(const struct process *process, enum trace trace, char *text, size_t size);
