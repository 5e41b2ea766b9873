// SPDX-License-Identifier: MIT
/*
 * A descriptor in words: the one line of it in the text. describe_inspect finds out what is needed
 * to group descriptors, for every one; describe_put asks the kernel for the rest, for those that
 * are listed.
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
	bool numbered; /* /proc has the process under the number that request says */
};

/* Fills in kind, stat and, for sockets, what socket_state.h says. fd, entry and outside are filled
 * in before; pid is the process that the descriptor is of. */
void describe_inspect(struct descriptor *descriptor, int pid);

/* Puts the descriptor's line, with its newline. */
void describe_put(const struct describe *describe, const struct descriptor *descriptor);
