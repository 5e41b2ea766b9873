// SPDX-License-Identifier: MIT
/*
 * Socket addresses in words: "10.0.0.1:80", "[::1]:80", a path, "@abstract". Used for addresses
 * from the kernel (getsockname, getpeername) and from the connection table. All functions are
 * async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "writer.h"

/* Writes address; "unnamed" for a unix socket without one. */
void put_address(struct writer *writer, const struct sockaddr_storage *address, socklen_t length);

/* Writes an internet address of 4 or 16 bytes and a port, both in network byte order; family is
 * AF_INET or AF_INET6, scope the number of an interface, or 0 for none. IPv6 is compressed as in
 * RFC 5952. */
void put_inet(struct writer *writer, int family, const uint8_t *address, uint16_t port,
	      uint32_t scope);

/* True for an internet address without information: 0.0.0.0:0 or [::]:0. */
bool address_is_unbound(const struct sockaddr_storage *address);
