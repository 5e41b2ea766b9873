// SPDX-License-Identifier: MIT
/*
 * Describes sockets by getsockopt and ioctl: their kind, state, addresses, and the data that waits
 * in them. Nothing here changes a socket, so SO_ERROR, which a read clears, is never read. All
 * functions are async-signal-safe.
 */
#pragma once

#include <sys/socket.h>

#include "descriptor.h"
#include "writer.h"

struct describe;

enum { TCP_STATE_LISTEN = 10, TCP_STATE_CLOSE_WAIT = 8, TCP_STATE_COUNT = 12 };

/* "CLOSE_WAIT" and so on; NULL for 0 and for states that are not known. A static string. */
const char *socket_state_name(unsigned int tcp_state);

/* Fills in kind, domain, type, protocol, TCP state and idle time of a socket. */
void socket_inspect(struct descriptor *descriptor);

/* The same for a descriptor that is likely to be a TCP socket of this process, with half as many
 * calls, because it skips the stat. False: it isn't one, and the caller uses socket_inspect. */
bool socket_inspect_tcp(struct descriptor *descriptor);

/* Reads the rest at once, for a socket that socket_inspect_tcp has found and that will be listed.
 * Reading it later, after thousands of other sockets, would cost half as much again. */
void socket_inspect_more(struct descriptor *descriptor);

/* Stores the socket's own address, or its peer's; false if it has none, or none is known. */
bool socket_name(const struct descriptor *descriptor, bool peer, struct sockaddr_storage *address,
		 socklen_t *length);

/* Writes the text after "tcp" or "unix": addresses, state, and the amounts of waiting data. */
void socket_describe(const struct describe *describe, const struct descriptor *descriptor);
