// SPDX-License-Identifier: MIT
/*
 * Finds out which code of a program takes over a connection that an event loop has accepted. The
 * loop's own stack is the same for all of them.
 */
#pragma once

struct capture;

/* Takes over the functions by which callbacks get their connections: uv_accept of libuv and
 * bufferevent_socket_new of libevent. For the constructor only. Where that isn't possible, stacks
 * are as without it. */
void event_loops_start(struct capture *capture);
