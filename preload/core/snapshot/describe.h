// SPDX-License-Identifier: MIT
/*
 * Writes a descriptor's line in the text. describe_inspect runs for every descriptor, and finds out
 * what grouping needs; describe_put runs for the listed ones, and asks the kernel for the rest.
 * Both are async-signal-safe.
 */
#pragma once

#include "descriptor.h"
#include "snapshot.h"
#include "thread_names.h"
#include "writer.h"

struct describe {
	struct writer *writer;
	const struct snapshot_request *request;
	struct thread_names *threads;
	bool numbered; /* /proc lists the process by request's pid */
	const struct children *children;
	size_t rings; /* number of io_uring(7) instances; the first one's .. */
	int ring;     /* .. descriptor */
};

/* Fills in kind, stat and, for sockets, the members that socket_state.h names. fd, entry and
 * outside must be filled in; pid is the process that has the descriptor. */
void describe_inspect(struct descriptor *descriptor, int pid);

/* Writes the descriptor's line, with its newline. */
void describe_put(const struct describe *describe, const struct descriptor *descriptor);
