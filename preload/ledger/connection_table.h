// SPDX-License-Identifier: MIT
/*
 * Where sockets were connected: each distinct pair of connect's stack and the address it was given,
 * once. A reset socket, or one that is still connecting, has no peer in the kernel any more; its
 * address is here. Insert-only, no lock, bounded: past the limit the address is not kept.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "../base/arena.h"

enum {
	CONNECTION_NONE = 0,
	CONNECTION_LIMIT = 1 << 16, /* ids are below this */
};

struct connection {
	uint32_t stack;      /* connect's own stack, an id of the stack table */
	uint16_t family;     /* AF_INET, AF_INET6, or AF_UNSPEC: address not kept */
	uint16_t port;       /* network byte order */
	uint8_t address[16]; /* 4 or 16 bytes in use, network byte order */
};

struct connection_table {
	struct arena *arena;
	_Atomic(struct connection *) *slots; /* hash table; an id is the index of its slot + 1 */
	_Atomic uint32_t count;
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool connection_table_init(struct connection_table *table, struct arena *arena);

/* Returns the id of this stack and address, adding it when it is new. When the table is full:
 * CONNECTION_NONE. Of families other than AF_INET and AF_INET6 only the stack is kept.
 * Async-signal-safe, any thread, no lock. */
uint32_t connection_table_intern(struct connection_table *table, uint32_t stack,
				 const struct sockaddr *address, socklen_t length);

/* The connection of id, or NULL. What it points to lives with the table. Any thread, no lock. */
const struct connection *connection_table_get(const struct connection_table *table, uint32_t id);
