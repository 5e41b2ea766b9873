// SPDX-License-Identifier: MIT
/* See own_words.h. core/snapshot/README.md has the lines that these words stand in. */
#include "own_words.h"

#include <string.h>

static const char *const words[] = {
	"tcp",         "udp",        "unix",        "netlink",   "socket",        "file",
	"directory",   "device",     "terminal",    "pipe",      "epoll",         "eventfd",
	"timerfd",     "signalfd",   "inotify",     "fanotify",  "memfd",         "shm",
	"mqueue",      "pidfd",      "userfaultfd", "perf",      "io_uring",      "kvm",
	"vfio",        "dmabuf",     "sync_file",   "namespace", "other",         "stream",
	"dgram",       "seqpacket",  "protocol",    "port",      "unnamed",       "unbound",
	"unknown",     "backlog",    "connecting",  "connected", "not",           "to",
	"was",         "idle",       "unread",      "unsent",    "mptcp",         "HTTP",
	"requests",    "by",         "Transport",   "next",      "datagram",      "LISTEN",
	"ESTABLISHED", "SYN_SENT",   "SYN_RECV",    "FIN_WAIT1", "FIN_WAIT2",     "TIME_WAIT",
	"CLOSED",      "CLOSE_WAIT", "LAST_ACK",    "CLOSING",   "NEW_SYN_RECV",  "peer",
	"pid",         "hung",       "up",          "deleted",   "char",          "block",
	"position",    "size",       "master",      "of",        "read",          "write",
	"read-write",  "path",       "only",        "end",       "both",          "ends",
	"no",          "writer",     "reader",      "left",      "watches",       "more",
	"than",        "marks",      "count",       "clock",     "expirations",   "expires",
	"in",          "disarmed",   "signals",     "process",   "ended",         "direct",
	"descriptors", "name",       "can't",       "be",        "inode",         "age",
	"dup",         "received",   "over",        "a",         "FILE",          "fclose",
	"DIR",         "closedir",   "popen",       "pclose",    "closes",        "it",
	"thread",      "also",       "open",        "mark",      "close-on-exec", "user",
	"effective",   "parent",     "inherited",   "main",
};

bool own_word(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	return false;
}
