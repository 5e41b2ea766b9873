// SPDX-License-Identifier: MIT
/* See kind.h. This is the only table of kinds. */
#include "kind.h"

#include <string.h>

static const struct {
	const char *name, *one, *many;
	const char *anon_inode; /* the beginning of its link in /proc/PID/fd, after anon_inode: */
} words[KIND_COUNT] = {
	[KIND_TCP] = {"tcp", "tcp socket", "tcp sockets", NULL},
	[KIND_UDP] = {"udp", "udp socket", "udp sockets", NULL},
	[KIND_UNIX] = {"unix", "unix socket", "unix sockets", NULL},
	[KIND_NETLINK] = {"netlink", "netlink socket", "netlink sockets", NULL},
	[KIND_SOCKET] = {"socket", "socket", "sockets", NULL},
	[KIND_FILE] = {"file", "file", "files", NULL},
	[KIND_DIRECTORY] = {"directory", "directory", "directories", NULL},
	[KIND_DEVICE] = {"device", "device", "devices", NULL},
	[KIND_TERMINAL] = {"terminal", "terminal", "terminals", NULL},
	[KIND_PIPE] = {"pipe", "pipe end", "pipe ends", NULL},
	[KIND_EPOLL] = {"epoll", "epoll instance", "epoll instances", "[eventpoll]"},
	[KIND_EVENTFD] = {"eventfd", "eventfd", "eventfds", "[eventfd"},
	[KIND_TIMERFD] = {"timerfd", "timerfd", "timerfds", "[timerfd]"},
	[KIND_SIGNALFD] = {"signalfd", "signalfd", "signalfds", "[signalfd]"},
	[KIND_INOTIFY] = {"inotify", "inotify instance", "inotify instances", "inotify"},
	[KIND_FANOTIFY] = {"fanotify", "fanotify group", "fanotify groups", "[fanotify]"},
	[KIND_MEMFD] = {"memfd", "memfd", "memfds", NULL},
	[KIND_SHM] = {"shm", "shared memory object", "shared memory objects", NULL},
	[KIND_MQUEUE] = {"mqueue", "message queue", "message queues", NULL},
	[KIND_PIDFD] = {"pidfd", "pidfd", "pidfds", "[pidfd]"},
	[KIND_USERFAULTFD] = {"userfaultfd", "userfaultfd", "userfaultfds", "[userfaultfd]"},
	[KIND_PERF] = {"perf", "perf event", "perf events", "[perf_event]"},
	[KIND_IO_URING] = {"io_uring", "io_uring", "io_urings", "[io_uring]"},
	[KIND_KVM] = {"kvm", "KVM descriptor", "KVM descriptors", "kvm-"},
	[KIND_VFIO] = {"vfio", "VFIO device", "VFIO devices", "[vfio-device]"},
	[KIND_DMABUF] = {"dmabuf", "DMA buffer", "DMA buffers", "dmabuf"},
	[KIND_SYNC_FILE] = {"sync_file", "sync file", "sync files", "sync_file"},
	[KIND_NAMESPACE] = {"namespace", "namespace", "namespaces", NULL},
	[KIND_OTHER] = {"other", "other descriptor", "other descriptors", NULL},
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

static bool begins(const char *link, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(link, with, strlen(with)) == 0;
}

enum kind kind_of_link(const char *link, size_t length)
{
	/* namespaces(7), "The /proc/pid/ns/ directory" */
	static const char *const namespaces[] = {"cgroup:[", "ipc:[",  "mnt:[",  "net:[",
						 "pid:[",    "time:[", "user:[", "uts:["};
	static const char anonymous[] = "anon_inode:";

	if (begins(link, length, "pidfd:["))
		return KIND_PIDFD;
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(*namespaces); i++)
		if (begins(link, length, namespaces[i]))
			return KIND_NAMESPACE;
	if (!begins(link, length, anonymous))
		return KIND_OTHER;
	link += strlen(anonymous);
	length -= strlen(anonymous);
	if (begins(link, length, "[kvm-gmem]"))
		return KIND_KVM;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		const char *name = words[kind].anon_inode;

		if (name && begins(link, length, name))
			return (enum kind)kind;
	}
	return KIND_OTHER;
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
