// SPDX-License-Identifier: MIT
/*
 * The socket option that makes a descriptor: between socket.c and syscall.c, and for whoever has to
 * know it by its number.
 */
#pragma once

#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5: include/uapi/asm-generic/socket.h */
#endif

/* The end of a getsockopt(2) that returned result: records the descriptor that SO_PEERPIDFD alone
 * makes, for the function whose hook has this frame address. Returns result. */
int socket_option(int result, int level, int optname, const void *optval, const void *frame);
