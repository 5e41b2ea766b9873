// SPDX-License-Identifier: MIT
/*
 * The kinds of descriptors, in the words of snapshots and FDTRAIL_KINDS. Their only table is in
 * kind.c. All strings are static, and all functions async-signal-safe.
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
	KIND_KVM,
	KIND_VFIO,
	KIND_DMABUF,
	KIND_SYNC_FILE,
	KIND_NAMESPACE,
	KIND_OTHER,
	KIND_COUNT,
};

_Static_assert(KIND_COUNT < 64, "KIND_ALL is one word of bits");

#define KIND_BIT(kind) (UINT64_C(1) << (kind))
#define KIND_ALL       ((UINT64_C(1) << KIND_COUNT) - 1)

/* The name of kind, such as "tcp". */
const char *kind_name(enum kind kind);

/* The noun for count of them, such as "tcp socket" or "tcp sockets". */
const char *kind_noun(enum kind kind, size_t count);

/* Whether kind is one of the socket kinds. */
bool kind_is_socket(enum kind kind);

/* The kind that a link in /proc/PID/fd names which is no path: "anon_inode:[eventpoll]",
 * "anon_inode:inotify", "pidfd:[4711]" (Linux 6.9). KIND_OTHER: "mnt:[4026531841]" and all others.
 * Async-signal-safe. */
enum kind kind_of_link(const char *link, size_t length);

/* Parses a comma-separated list of kind names, "all", and "sockets" (every socket kind) into bits.
 * If a word is none of these, returns false, with that word in bad and bad_length, and leaves kinds
 * as it is. */
bool kind_parse(const char *list, uint64_t *kinds, const char **bad, size_t *bad_length);
