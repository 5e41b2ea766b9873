// SPDX-License-Identifier: MIT
/*
 * Socket addresses in words: "10.0.0.1:80", "[::1]:80", a path, "@abstract". Used for what the
 * kernel says (getsockname, getpeername) and for what the connection table remembers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "writer.h"

/* Writes address; "unnamed" for a unix socket without one. */
void put_address(struct writer *writer, const struct sockaddr_storage *address, socklen_t length);

/* An internet address and port, both in network byte order; family AF_INET or AF_INET6, scope 0 for
 * none. IPv6 is compressed as RFC 5952 wants it. */
void put_inet(struct writer *writer, int family, const uint8_t *address, uint16_t port,
	      uint32_t scope);

/* True for an internet address that says nothing: 0.0.0.0:0 or [::]:0. */
bool address_is_unbound(const struct sockaddr_storage *address);
