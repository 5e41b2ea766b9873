// SPDX-License-Identifier: MIT
/*
 * What is known of connected sockets beside where they were opened: connect's stack and the address
 * it was given, and who used them last, where that is known; each distinct combination once. A
 * reset socket, or one that is still connecting, has no peer in the kernel any more; its address is
 * here. Insert-only, no lock, bounded: past 49,152 of them addresses are not kept, but stacks are.
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
	uint32_t stack;  /* connect's own stack, an id of the stack table; STACK_NONE: not kept */
	uint16_t family; /* AF_INET, AF_INET6, or AF_UNSPEC: address not kept */
	uint16_t port;   /* network byte order */
	uint8_t address[16]; /* 4 or 16 bytes in use, network byte order */
	uint32_t user;       /* stack of the last HTTP request over it; STACK_NONE: not known */
	uint32_t shared;     /* 1: requests share it (HTTP/2), and the last is one of several */
};

struct connection_table {
	struct arena *arena;
	_Atomic(struct connection *) *slots; /* hash table; an id is the index of its slot + 1 */
	_Atomic uint32_t count;
};

/* Prepares a table that takes its memory from arena. False: no memory. */
bool connection_table_init(struct connection_table *table, struct arena *arena);

/* Gives back the memory that is not the arena's. */
void connection_table_release(struct connection_table *table);

/* Fills an empty table with what from holds, under the same ids. False: no memory. */
bool connection_table_copy(struct connection_table *table, const struct connection_table *from);

/* Returns the id of this stack and address, adding it when it is new. When there is no room
 * for the address: the id of the stack alone; when there is none at all: CONNECTION_NONE. Of
 * families other than AF_INET and AF_INET6 only the stack is kept. Async-signal-safe, any thread,
 * no lock. */
uint32_t connection_table_intern(struct connection_table *table, uint32_t stack,
				 const struct sockaddr *address, socklen_t length);

/* Returns the id of what id is about (CONNECTION_NONE: nothing is known yet), with this as its last
 * user. When there is no room: an id without the address, at last one without a user, never with
 * another. Async-signal-safe, any thread, no lock. */
uint32_t connection_table_used(struct connection_table *table, uint32_t id, uint32_t user,
			       bool shared);

/* The connection of id, or NULL. What it points to lives with the table. Any thread, no lock. */
const struct connection *connection_table_get(const struct connection_table *table, uint32_t id);
