// SPDX-License-Identifier: MIT
/*
 * SO_PEERPIDFD, the socket option that makes a descriptor. socket.c defines the function; syscall.c
 * uses it, too. The ptrace engine needs only the option's number.
 */
#pragma once

#include <sys/socket.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5: include/uapi/asm-generic/socket.h */
#endif

/* To be called after a getsockopt(2) that returned result: records the descriptor if the option is
 * SO_PEERPIDFD, for the function whose hook has this frame address. Returns result. */
int socket_option(int result, int level, int optname, const void *optval, const void *frame);
