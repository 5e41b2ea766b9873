// SPDX-License-Identifier: MIT
/*
 *     crowd COUNT
 *
 * Leaves COUNT TCP connections to itself open, both ends of each, and ends.
 */
#include <err.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), count = argc > 1 ? atoi(argv[1]) : 1;

	if (bind(listener, (void *)&address, length) != 0 || listen(listener, 10) != 0 ||
	    getsockname(listener, (void *)&address, &length) != 0)
		err(1, "listen");
	for (int i = 0; i < count; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(client, (void *)&address, length) != 0 ||
		    accept(listener, NULL, NULL) < 0)
			err(1, "connection %d", i);
	}
	return 0;
}
