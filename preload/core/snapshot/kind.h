// SPDX-License-Identifier: MIT
/*
 * What a descriptor is, in the words that snapshots and FDTRAIL_KINDS use. One table: kind.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind {
	KIND_TCP,
	KIND_UDP,
	KIND_UNIX,
	KIND_NETLINK,
	KIND_SOCKET, /* any other socket: raw, packet, vsock, ... */
	KIND_FILE,
	KIND_DIRECTORY,
	KIND_DEVICE,
	KIND_TERMINAL,
	KIND_PIPE,
	KIND_EPOLL,
	KIND_EVENTFD,
	KIND_TIMERFD,
	KIND_SIGNALFD,
	KIND_INOTIFY,
	KIND_FANOTIFY,
	KIND_MEMFD,
	KIND_SHM,
	KIND_MQUEUE,
	KIND_PIDFD,
	KIND_USERFAULTFD,
	KIND_PERF,
	KIND_IO_URING,
	KIND_OTHER,
	KIND_COUNT,
};

_Static_assert(KIND_COUNT < 64, "KIND_ALL is one word of bits");

#define KIND_BIT(kind) (UINT64_C(1) << (kind))
#define KIND_ALL       ((UINT64_C(1) << KIND_COUNT) - 1)

/* The name of kind, as in "tcp". */
const char *kind_name(enum kind kind);

/* The words for count of them, as in "tcp socket" and "tcp sockets". */
const char *kind_noun(enum kind kind, size_t count);

/* Whether kind is one of the socket kinds. */
bool kind_is_socket(enum kind kind);

/* Parses a comma-separated list of kind names, "all", and "sockets" (every socket kind) into bits.
 * On a word that is none of these: false, and bad and bad_length name that word. No allocation. */
bool kind_parse(const char *list, uint64_t *kinds, const char **bad, size_t *bad_length);
