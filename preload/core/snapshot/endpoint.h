// SPDX-License-Identifier: MIT
/*
 * What the descriptors of a process that is not traced have in common. Without stacks a group is
 * all descriptors of a kind and a state, and a thousand connections there say little; that seven
 * hundred of them are to one server does. So those with the same peer, accepted at the same port,
 * or of the same file become a group of their own when they are many. Called by snapshot.c, before
 * groups are made.
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
		ENDPOINT_ACCEPTED, /* at port, or for unix sockets at address */
		ENDPOINT_FILE,     /* inode, device */
	} kind;
	uint16_t port; /* network byte order */
	uint64_t inode, device;
	socklen_t length;
	struct sockaddr_storage address; /* all that is not in use is zero */
};

/* Fills in the endpoint of every untraced descriptor that shares it with many. False: no memory. */
bool endpoints_find(struct census *census, struct scratch *scratch);

/* Negative, zero or positive as a belongs before, beside or after b; NULL is last. */
int endpoint_compare(const struct endpoint *a, const struct endpoint *b);

/* Puts a sentence on what they have in common. */
void endpoint_put(struct writer *writer, const struct endpoint *endpoint);
