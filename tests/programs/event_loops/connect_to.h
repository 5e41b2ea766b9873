// SPDX-License-Identifier: MIT
/* The clients of these servers: connections that are made, and closed before they are accepted. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS = 6 };

static inline void connect_to(const struct sockaddr_in *address)
{
	for (int i = 0; i < CLIENTS; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		if (client < 0 ||
		    connect(client, (const struct sockaddr *)address, sizeof(*address)) < 0 ||
		    close(client) < 0)
			_exit(1);
	}
}
