// SPDX-License-Identifier: MIT
/*
 * Between socket.c and syscall.c.
 */
#pragma once

/* The end of a getsockopt(2) that returned result: records the descriptor that SO_PEERPIDFD alone
 * makes, for the function whose hook has this frame address. Returns result. */
int socket_option(int result, int level, int optname, const void *optval, const void *frame);
