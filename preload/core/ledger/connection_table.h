// SPDX-License-Identifier: MIT
/*
 * Facts about connected sockets, besides the stack that opened them: the stack and the address of
 * the connect call, and the stack of the last user, if known. Each distinct combination is stored
 * once. The kernel has no peer address for a socket that was reset or is still connecting; this
 * table has it. Insert-only, no lock, bounded: after 49,152 connections addresses are no longer
 * kept, but stacks are.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "preload/core/base/arena.h"

enum {
	CONNECTION_NONE = 0,
	CONNECTION_LIMIT = 1 << 16, /* ids are below this */
};

struct connection {
	uint32_t stack;      /* connect's stack, an id of the stack table; STACK_NONE: not kept */
	uint16_t family;     /* AF_INET, AF_INET6, or AF_UNSPEC: address not kept */
	uint16_t port;       /* network byte order */
	uint8_t address[16]; /* 4 or 16 bytes in use, network byte order */
	uint32_t user;       /* stack of the last HTTP request over it; STACK_NONE: not known */
	uint32_t shared;     /* 1: several requests share it (HTTP/2), and user is the last of
			      * them */
};

struct connection_table {
	struct arena *arena;
	_Atomic(struct connection *) *slots; /* hash table; an id is the index of its slot + 1 */
	_Atomic uint32_t count;
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool connection_table_init(struct connection_table *table, struct arena *arena);

/* Frees the memory that doesn't belong to the arena. */
void connection_table_release(struct connection_table *table);

/* Copies the contents of from into an empty table, with the same ids. False: no memory. */
bool connection_table_copy(struct connection_table *table, const struct connection_table *from);

/* Returns the id of this stack and address, and adds it if it is new. If there is no room for the
 * address, it is the id of the stack alone; if there is no room at all, CONNECTION_NONE. For
 * families other than AF_INET and AF_INET6 only the stack is kept. address may be NULL.
 * Async-signal-safe, any thread, no lock. */
uint32_t connection_table_intern(struct connection_table *table, uint32_t stack,
				 const struct sockaddr *address, socklen_t length);

/* Returns an id for the connection id (CONNECTION_NONE: nothing is known yet) with this stack as
 * its last user. If there is no room, it is an id without the address, or else one without a user,
 * but never one with another user. Async-signal-safe, any thread, no lock. */
uint32_t connection_table_used(struct connection_table *table, uint32_t id, uint32_t user,
			       bool shared);

/* The connection of id, or NULL. It lives as long as the table. Async-signal-safe, any thread, no
 * lock. */
const struct connection *connection_table_get(const struct connection_table *table, uint32_t id);
