// SPDX-License-Identifier: MIT
/* See listen_address.h. */
#include "listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/reader/scan.h"

enum { BACKLOG = 16 };

static bool parse_port(const char *text, in_port_t *port)
{
	struct scan scan = {text, text + strlen(text)};
	int64_t number;

	if (!scan_number(&scan, &number) || !scan_at_end(&scan) || number < 0 ||
	    number > UINT16_MAX)
		return false;
	*port = htons((uint16_t)number);
	return true;
}

static bool parse_v4(struct listen_address *address, const char *host)
{
	address->size = sizeof(address->at.v4);
	address->at.v4.sin_family = AF_INET;
	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	return inet_pton(AF_INET, host, &address->at.v4.sin_addr) == 1;
}

/* host: in brackets, as in a URL. */
static bool parse_v6(struct listen_address *address, char *host)
{
	size_t length = strlen(host);

	if (length < 2 || host[0] != '[' || host[length - 1] != ']')
		return false;
	host[length - 1] = '\0';
	address->size = sizeof(address->at.v6);
	address->at.v6.sin6_family = AF_INET6;
	return inet_pton(AF_INET6, host + 1, &address->at.v6.sin6_addr) == 1;
}

bool listen_address_parse(struct listen_address *address, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[LISTEN_ADDRESS_TEXT];

	*address = (struct listen_address){0};
	if (!colon)
		return parse_v4(address, "127.0.0.1") && parse_port(text, &address->at.v4.sin_port);
	if ((size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	if (*host == '[')
		return parse_v6(address, host) && parse_port(colon + 1, &address->at.v6.sin6_port);
	return parse_v4(address, host) && parse_port(colon + 1, &address->at.v4.sin_port);
}

bool listen_address_is_local(const struct listen_address *address)
{
	if (address->at.any.sa_family == AF_INET)
		return ntohl(address->at.v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&address->at.v6.sin6_addr);
}

void listen_address_text(const struct listen_address *address, char text[LISTEN_ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address->at.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->at.v4.sin_addr, host, sizeof(host));
		snprintf(text, LISTEN_ADDRESS_TEXT, "%s:%u", host,
			 (unsigned int)ntohs(address->at.v4.sin_port));
	} else {
		inet_ntop(AF_INET6, &address->at.v6.sin6_addr, host, sizeof(host));
		snprintf(text, LISTEN_ADDRESS_TEXT, "[%s]:%u", host,
			 (unsigned int)ntohs(address->at.v6.sin6_port));
	}
}

int listen_address_open(struct listen_address *address)
{
	int on = 1;
	int fd = socket(address->at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* After a restart, connections of the server before may still be in TIME_WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &address->at.any, address->size) == 0 && listen(fd, BACKLOG) == 0 &&
	    getsockname(fd, &address->at.any, &address->size) == 0)
		return fd;
	int error = -errno;
	close(fd);
	return error;
}
