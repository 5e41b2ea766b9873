// SPDX-License-Identifier: MIT
/*
 * The calls by which the torture opens descriptors: hundreds of functions with names of their own,
 * SITES for each family of openings.list, so that the stack in the snapshot can be compared with
 * the real one.
 */
#pragma once

#include <stddef.h>

enum { SITES = 8 };

/* The call that has to close a descriptor. UNSEEN: a raw system call, like the one that opened
 * it. */
enum owner { PLAIN, STREAM, DIRECTORY, COMMAND, QUEUE, UNSEEN };

/* made->source. COPY: a descriptor to copy; REPLACED: the same, and made->target is to
 * be replaced; REOPENED: made->object is a stream; a listener has a connection waiting, and a
 * letter a descriptor. POST: a socket, and made->target is its peer. */
enum source { NOTHING, COPY, REPLACED, REOPENED, UNIX_LISTENER, TCP_LISTENER, LETTER, POST };

/* Input and results of an opening. fd[0] is -1 if it failed, and fd[1] if it opens one
 * descriptor. */
struct made {
	int source, target, region;
	const char *path, *name; /* name of a file; name of a queue or of shared memory */
	char fresh[32];
	int fd[2];
	void *object;
	int site;
};

struct family {
	const char *name;
	const char *kind;
	enum owner owner;
	enum source source;
	int weight;
	void (*sites[SITES])(struct made *made);
};

extern const struct family families[];
extern const size_t family_count;
