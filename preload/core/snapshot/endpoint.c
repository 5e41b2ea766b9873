// SPDX-License-Identifier: MIT
/* See endpoint.h. */
#include "endpoint.h"

#include <netinet/in.h>
#include <string.h>

#include "address.h"
#include "escape_text.h"
#include "group_note.h"
#include "socket_state.h"
#include "sort.h"

/* "Many" is a tenth of the descriptors of the same kind and state, so that they make ten groups at
 * most, and at least two descriptors. */
enum { SHARE = 10, LEAST = 2 };

int endpoint_compare(const struct endpoint *a, const struct endpoint *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? -1 : 1;
	/* Both come from zeroed memory. NOLINTNEXTLINE(*-memory-comparison,cert-*) */
	return memcmp(a, b, sizeof(*a));
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ((const struct sockaddr_in *)address)->sin_port;
	if (address->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)address)->sin6_port;
	return 0;
}

static bool is_inet(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET || address->ss_family == AF_INET6;
}

/* The ports that the process listens on, one bit each. */
static uint8_t *listening_ports(const struct census *census, struct scratch *scratch)
{
	uint8_t *ports = scratch_alloc(scratch, 65536 / 8);

	for (size_t i = 0; ports && i < census->count; i++) {
		const struct descriptor *descriptor = &census->descriptors[i];
		struct sockaddr_storage address;
		socklen_t length;

		if (descriptor->kind != KIND_TCP || descriptor->tcp_state != TCP_STATE_LISTEN ||
		    !socket_name(descriptor, false, &address, &length))
			continue;
		uint16_t port = port_of(&address);
		ports[port / 8] |= (uint8_t)(1 << port % 8);
	}
	return ports;
}

/* Fills in the endpoint of a socket. A connected unix socket with a name was accepted there:
 * unix(7). A client may have a name, too, but few do. */
static bool fill_socket(struct endpoint *endpoint, const struct descriptor *descriptor,
			const uint8_t *ports)
{
	struct sockaddr_storage local, peer;
	socklen_t local_length = 0, peer_length = 0;

	if (descriptor->tcp_state == TCP_STATE_LISTEN)
		return false;
	memset(&local, 0, sizeof(local));
	bool named = socket_name(descriptor, false, &local, &local_length);
	bool connected = socket_name(descriptor, true, &peer, &peer_length);
	uint16_t port = port_of(&local);

	if (descriptor->kind == KIND_TCP && is_inet(&local) && ports[port / 8] & 1 << port % 8) {
		endpoint->kind = ENDPOINT_ACCEPTED;
		endpoint->port = port;
		return true;
	}
	if (!connected)
		return false;
	bool is_unix = peer.ss_family == AF_UNIX;
	bool nameless = is_unix && peer_length <= sizeof(peer.ss_family);
	if (nameless && (!named || local_length <= sizeof(local.ss_family)))
		return false;
	endpoint->kind = nameless ? ENDPOINT_ACCEPTED : ENDPOINT_PEER;
	endpoint->length = nameless ? local_length : peer_length;
	if (endpoint->length > sizeof(endpoint->address))
		endpoint->length = sizeof(endpoint->address);
	memcpy(&endpoint->address, nameless ? &local : &peer, endpoint->length);
	return true;
}

static bool fill(struct endpoint *endpoint, const struct descriptor *descriptor,
		 const uint8_t *ports)
{
	switch (descriptor->kind) {
	case KIND_TCP:
	case KIND_UDP:
	case KIND_UNIX:
		return fill_socket(endpoint, descriptor, ports);
	case KIND_FILE:
	case KIND_DIRECTORY:
	case KIND_DEVICE:
	case KIND_TERMINAL:
	case KIND_SHM:
		endpoint->kind = ENDPOINT_FILE;
		endpoint->inode = descriptor->stat.inode;
		endpoint->device =
			(uint64_t)descriptor->stat.dev_major << 32 | descriptor->stat.dev_minor;
		return descriptor->stat.inode;
	default:
		return false;
	}
}

static int compare_class(const struct descriptor *a, const struct descriptor *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return (a->tcp_state > b->tcp_state) - (a->tcp_state < b->tcp_state);
}

static int compare(const void *left, const void *right)
{
	const struct descriptor *a = left, *b = right;
	int result = compare_class(a, b);

	if (!result)
		result = endpoint_compare(a->endpoint, b->endpoint);
	return result ? result : (a->fd > b->fd) - (a->fd < b->fd);
}

/* Removes endpoints that too few descriptors share. sorted has count descriptors of one kind and
 * state. */
static void keep_large(struct descriptor **sorted, size_t count)
{
	for (size_t first = 0, end; first < count; first = end) {
		const struct endpoint *endpoint = sorted[first]->endpoint;

		for (end = first; end < count; end++)
			if (endpoint_compare(endpoint, sorted[end]->endpoint) != 0)
				break;
		if (end - first >= LEAST && (end - first) * SHARE >= count)
			continue;
		for (size_t i = first; i < end; i++)
			sorted[i]->endpoint = NULL;
	}
}

bool endpoints_find(struct census *census, struct scratch *scratch)
{
	struct descriptor **sorted = scratch_array(scratch, census->count, sizeof(*sorted));
	struct endpoint *endpoints = scratch_array(scratch, census->count, sizeof(*endpoints));
	uint8_t *ports = listening_ports(census, scratch);
	size_t count = 0;

	if (!sorted || !endpoints || !ports)
		return false;
	for (size_t i = 0; i < census->count; i++) {
		struct descriptor *descriptor = &census->descriptors[i];

		if (descriptor->class != DESCRIPTOR_UNTRACED)
			continue;
		if (fill(&endpoints[i], descriptor, ports))
			descriptor->endpoint = &endpoints[i];
		sorted[count++] = descriptor;
	}
	sort_pointers((void **)sorted, count, compare);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first; end < count; end++)
			if (compare_class(sorted[first], sorted[end]) != 0)
				break;
		keep_large(sorted + first, end - first);
	}
	return true;
}

void endpoint_put(struct writer *writer, const struct endpoint *endpoint)
{
	switch (endpoint->kind) {
	case ENDPOINT_PEER:
		put_string(writer, *group_note_lines(NOTE_PEER));
		put_address(writer, &endpoint->address, endpoint->length);
		break;
	case ENDPOINT_ACCEPTED:
		put_string(writer, *group_note_lines(NOTE_ACCEPTED));
		if (endpoint->length) {
			put_address(writer, &endpoint->address, endpoint->length);
		} else {
			put_string(writer, "port ");
			put_unsigned(writer, ntohs(endpoint->port));
		}
		break;
	case ENDPOINT_FILE:
		put_string(writer, *group_note_lines(NOTE_SAME_FILE));
		break;
	}
	put_char(writer, '.');
}
