// SPDX-License-Identifier: MIT
/*
 * Sockets, by getsockopt and ioctl: what they are, in which state, connected to whom, and what
 * waits in them. Nothing here changes a socket (SO_ERROR, for one, is cleared by reading it).
 */
#pragma once

#include <sys/socket.h>

#include "descriptor.h"
#include "writer.h"

struct describe;

enum { TCP_STATE_LISTEN = 10, TCP_STATE_CLOSE_WAIT = 8, TCP_STATE_COUNT = 12 };

/* "CLOSE_WAIT" and so on; NULL for 0 and what the kernel may add one day. */
const char *socket_state_name(unsigned int tcp_state);

/* Fills in kind, protocol, TCP state and idle time of a socket. */
void socket_inspect(struct descriptor *descriptor);

/* The same for what is likely a TCP socket of this process, by half as many calls: its file is not
 * looked at. False: it is none, and socket_inspect has to tell. */
bool socket_inspect_tcp(struct descriptor *descriptor);

/* Asks for the rest at once, where socket_inspect_tcp has found a socket that will be listed. To
 * come back for it when thousands of others have been asked costs half as much again. */
void socket_inspect_more(struct descriptor *descriptor);

/* The socket's own address, or its peer's; false when it has none, or none is known. */
bool socket_name(const struct descriptor *descriptor, bool peer, struct sockaddr_storage *address,
		 socklen_t *length);

/* Puts the words of a socket: after "tcp" or "unix", addresses, state and what waits in it. */
void socket_describe(const struct describe *describe, const struct descriptor *descriptor);
