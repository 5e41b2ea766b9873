// SPDX-License-Identifier: MIT
/*
 * Finds descriptors of an untraced process that have something in common. Without stacks a group is
 * all descriptors of a kind and state. A thousand connections in it say little, but seven hundred
 * of them to one server do. So many descriptors with the same peer, accepted at the same port, or
 * of the same file become a group of their own. snapshot.c calls this before it makes groups.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "census.h"
#include "scratch.h"
#include "writer.h"

struct endpoint {
	enum endpoint_kind {
		ENDPOINT_PEER,     /* address */
		ENDPOINT_ACCEPTED, /* at port, or at address for unix sockets */
		ENDPOINT_FILE,     /* inode, device */
	} kind;
	uint16_t port; /* network byte order */
	uint64_t inode, device;
	socklen_t length;
	struct sockaddr_storage address; /* unused bytes are zero */
};

/* Fills in the endpoint of every untraced descriptor that shares it with many. False: no memory. */
bool endpoints_find(struct census *census, struct scratch *scratch);

/* Negative, zero or positive if a comes before, with or after b; NULL comes last. */
int endpoint_compare(const struct endpoint *a, const struct endpoint *b);

/* Writes a sentence that says what they have in common. */
void endpoint_put(struct writer *writer, const struct endpoint *endpoint);
