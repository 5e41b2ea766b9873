// SPDX-License-Identifier: MIT
/*
 * The address of --listen. Only numbers are accepted, no host names, so that nobody listens on an
 * address that he doesn't know. A port alone is one of 127.0.0.1: other machines can't reach it.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at;
	socklen_t size;
};

/* Enough for any address and port as text, with its NUL. */
enum { LISTEN_ADDRESS_TEXT = INET6_ADDRSTRLEN + 16 };

/* Parses "9836", "127.0.0.1:9836", "localhost:9836" or "[::1]:9836". Returns false for anything
 * else. */
bool listen_address_parse(struct listen_address *address, const char *text);

/* Whether only this machine can reach it. */
bool listen_address_is_local(const struct listen_address *address);

/* Writes the address as in a URL: "127.0.0.1:9836", "[::1]:9836". */
void listen_address_text(const struct listen_address *address, char text[LISTEN_ADDRESS_TEXT]);

/* Begins to listen, and puts the port that the kernel has chosen for port 0 into address. Returns a
 * socket that doesn't block, or a negative errno. */
int listen_address_open(struct listen_address *address);
