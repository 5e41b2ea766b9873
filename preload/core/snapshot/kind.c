// SPDX-License-Identifier: MIT
/* See kind.h. This is the only table of kinds. */
#include "kind.h"

#include <string.h>

static const struct {
	const char *name, *one, *many;
} words[KIND_COUNT] = {
	[KIND_TCP] = {"tcp", "tcp socket", "tcp sockets"},
	[KIND_UDP] = {"udp", "udp socket", "udp sockets"},
	[KIND_UNIX] = {"unix", "unix socket", "unix sockets"},
	[KIND_NETLINK] = {"netlink", "netlink socket", "netlink sockets"},
	[KIND_SOCKET] = {"socket", "socket", "sockets"},
	[KIND_FILE] = {"file", "file", "files"},
	[KIND_DIRECTORY] = {"directory", "directory", "directories"},
	[KIND_DEVICE] = {"device", "device", "devices"},
	[KIND_TERMINAL] = {"terminal", "terminal", "terminals"},
	[KIND_PIPE] = {"pipe", "pipe end", "pipe ends"},
	[KIND_EPOLL] = {"epoll", "epoll instance", "epoll instances"},
	[KIND_EVENTFD] = {"eventfd", "eventfd", "eventfds"},
	[KIND_TIMERFD] = {"timerfd", "timerfd", "timerfds"},
	[KIND_SIGNALFD] = {"signalfd", "signalfd", "signalfds"},
	[KIND_INOTIFY] = {"inotify", "inotify instance", "inotify instances"},
	[KIND_FANOTIFY] = {"fanotify", "fanotify group", "fanotify groups"},
	[KIND_MEMFD] = {"memfd", "memfd", "memfds"},
	[KIND_SHM] = {"shm", "shared memory object", "shared memory objects"},
	[KIND_MQUEUE] = {"mqueue", "message queue", "message queues"},
	[KIND_PIDFD] = {"pidfd", "pidfd", "pidfds"},
	[KIND_USERFAULTFD] = {"userfaultfd", "userfaultfd", "userfaultfds"},
	[KIND_PERF] = {"perf", "perf event", "perf events"},
	[KIND_IO_URING] = {"io_uring", "io_uring", "io_urings"},
	[KIND_OTHER] = {"other", "other descriptor", "other descriptors"},
};

const char *kind_name(enum kind kind)
{
	return words[kind].name;
}

const char *kind_noun(enum kind kind, size_t count)
{
	return count == 1 ? words[kind].one : words[kind].many;
}

bool kind_is_socket(enum kind kind)
{
	return kind <= KIND_SOCKET;
}

/* The bits for one word of a list; 0 if it is unknown. */
static uint64_t bits_of(const char *word, size_t length)
{
	if (length == strlen("all") && memcmp(word, "all", length) == 0)
		return KIND_ALL;
	if (length == strlen("sockets") && memcmp(word, "sockets", length) == 0)
		return KIND_BIT(KIND_SOCKET + 1) - 1;
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (length == strlen(words[kind].name) &&
		    memcmp(word, words[kind].name, length) == 0)
			return KIND_BIT(kind);
	return 0;
}

bool kind_parse(const char *list, uint64_t *kinds, const char **bad, size_t *bad_length)
{
	uint64_t parsed = 0;

	for (const char *word = list;; word++) {
		size_t length = 0;
		while (word[length] && word[length] != ',')
			length++;

		uint64_t meant = bits_of(word, length);
		if (!meant) {
			*bad = word;
			*bad_length = length;
			return false;
		}
		parsed |= meant;
		word += length;
		if (!*word)
			break;
	}
	*kinds = parsed;
	return true;
}
