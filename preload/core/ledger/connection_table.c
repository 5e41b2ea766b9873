// SPDX-License-Identifier: MIT
/*
 * See connection_table.h. Open addressing over pointers. A connection is complete before the one
 * compare-and-exchange that makes it visible; a thread that loses that race looks at the winner's.
 */
#include "connection_table.h"

#include <netinet/in.h>
#include <string.h>

#include "stack_table.h"

/* The table is filled to seven eighths. The last of these is for connections without an address:
 * they are no more than the program has stacks, however many hosts it calls. */
enum { SLOTS = CONNECTION_LIMIT, MOST = SLOTS / 8 * 7, MOST_WITH_ADDRESS = SLOTS / 8 * 6 };

_Static_assert((SLOTS & (SLOTS - 1)) == 0, "hashes count on past 2^32 where the slots begin anew");
_Static_assert(MOST_WITH_ADDRESS == 49152, "connection_table.h promises that many");
_Static_assert(sizeof(struct connection) == 32 && offsetof(struct connection, family) == 4 &&
		       offsetof(struct connection, shared) == 28,
	       "without padding: connections are compared and hashed by their bytes");

bool connection_table_init(struct connection_table *table, struct arena *arena)
{
	memset(table, 0, sizeof(*table));
	table->arena = arena;
	table->slots = memory_map(sizeof(*table->slots) * SLOTS);
	return table->slots != NULL;
}

void connection_table_release(struct connection_table *table)
{
	memory_unmap(table->slots, sizeof(*table->slots) * SLOTS);
	table->slots = NULL;
}

bool connection_table_copy(struct connection_table *table, const struct connection_table *from)
{
	uint32_t count = atomic_load(&from->count), copied = 0;

	for (uint32_t at = 0; at < SLOTS && copied < count; at++) {
		const struct connection *connection = atomic_load(&from->slots[at]);
		struct connection *copy;

		if (!connection)
			continue;
		copy = arena_alloc(table->arena, sizeof(*copy));
		if (!copy)
			return false;
		*copy = *connection;
		atomic_store(&table->slots[at], copy);
		copied++;
	}
	atomic_store(&table->count, copied);
	return true;
}

static void take_address(struct connection *connection, const struct sockaddr *address,
			 socklen_t length)
{
	if (!address || length < (socklen_t)sizeof(address->sa_family))
		return;
	if (address->sa_family == AF_INET && length >= (socklen_t)sizeof(struct sockaddr_in)) {
		const struct sockaddr_in *in = (const void *)address;
		connection->family = AF_INET;
		connection->port = in->sin_port;
		memcpy(connection->address, &in->sin_addr, 4);
	} else if (address->sa_family == AF_INET6 &&
		   length >= (socklen_t)sizeof(struct sockaddr_in6)) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		connection->family = AF_INET6;
		connection->port = in6->sin6_port;
		memcpy(connection->address, &in6->sin6_addr, 16);
	}
}

static uint32_t hash_connection(const struct connection *connection)
{
	uint64_t words[4] = {0};
	uint64_t hash = connection->stack;

	memcpy(words, &connection->family, sizeof(*connection) - sizeof(connection->stack));
	for (int i = 0; i < 4; i++)
		hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15ULL, hash ^= hash >> 29;
	return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t intern(struct connection_table *table, const struct connection *wanted)
{
	const uint32_t most = wanted->family == AF_UNSPEC ? MOST : MOST_WITH_ADDRESS;
	struct connection *fresh = NULL;

	for (uint32_t at = hash_connection(wanted);; at++) {
		_Atomic(struct connection *) *slot = &table->slots[at % SLOTS];
		struct connection *there = atomic_load_explicit(slot, memory_order_acquire);

		if (!there) {
			if (!fresh) {
				/* The last slot's id would not fit. */
				if (atomic_load(&table->count) >= most || at % SLOTS == SLOTS - 1)
					return CONNECTION_NONE;
				fresh = arena_alloc(table->arena, sizeof(*fresh));
				if (!fresh)
					return CONNECTION_NONE;
				*fresh = *wanted;
			}
			if (atomic_compare_exchange_strong(slot, &there, fresh)) {
				atomic_fetch_add(&table->count, 1);
				return at % SLOTS + 1;
			}
		}
		if (memcmp(there, wanted, sizeof(*wanted)) == 0)
			return at % SLOTS + 1;
	}
}

/* The same, but leaves the address out if there is no room for it. */
static uint32_t intern_or_less(struct connection_table *table, struct connection *wanted)
{
	uint32_t id = intern(table, wanted);

	if (id != CONNECTION_NONE || wanted->family == AF_UNSPEC)
		return id;
	wanted->family = AF_UNSPEC;
	wanted->port = 0;
	memset(wanted->address, 0, sizeof(wanted->address));
	return intern(table, wanted);
}

uint32_t connection_table_intern(struct connection_table *table, uint32_t stack,
				 const struct sockaddr *address, socklen_t length)
{
	struct connection wanted = {.stack = stack};

	take_address(&wanted, address, length);
	return intern_or_less(table, &wanted);
}

uint32_t connection_table_used(struct connection_table *table, uint32_t id, uint32_t user,
			       bool shared)
{
	const struct connection *known = connection_table_get(table, id);
	struct connection wanted = {0};

	if (known)
		wanted = *known;
	wanted.user = user;
	wanted.shared = shared;
	id = intern_or_less(table, &wanted);
	if (id != CONNECTION_NONE || !known)
		return id;
	wanted = *known;
	wanted.user = STACK_NONE;
	wanted.shared = false;
	return intern_or_less(table, &wanted);
}

const struct connection *connection_table_get(const struct connection_table *table, uint32_t id)
{
	if (id == CONNECTION_NONE || id > SLOTS)
		return NULL;
	return atomic_load_explicit(&table->slots[id - 1], memory_order_acquire);
}
