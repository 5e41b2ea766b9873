// SPDX-License-Identifier: MIT
/*
 * The calls by which the torture opens descriptors: hundreds of functions of their own names, SITES
 * for each family of openings.list, so that the stack that fdtrail shows can be held against the
 * one that was meant.
 */
#pragma once

#include <stddef.h>

enum { SITES = 8 };

/* What has to close a descriptor. UNSEEN: a raw system call, as it was opened by one. */
enum owner { PLAIN, STREAM, DIRECTORY, COMMAND, QUEUE, UNSEEN };

/* What made->source is. COPY: a descriptor to copy; REPLACED: the same, with made->target to be
 * replaced; REOPENED: made->object is a stream; listeners have a connection waiting, and a letter a
 * descriptor. POST: a socket, and made->target the one that it is connected to. */
enum source { NOTHING, COPY, REPLACED, REOPENED, UNIX_LISTENER, TCP_LISTENER, LETTER, POST };

/* What an opening is given, and what it gives: fd[0] is -1 when it was refused, fd[1] when it makes
 * one. */
struct made {
	int source, target, region;
	const char *path, *name; /* of a file; of a queue and of shared memory */
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
