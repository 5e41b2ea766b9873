// SPDX-License-Identifier: MIT
/* See outside.h. */
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/snapshot/proc.h"
#include "preload/core/snapshot/sort.h"
#include "socket_tables.h"

enum { FDINFO_LIMIT = 4096, MPTCP = 262 };

static void take_flags(const char *line, size_t length, void *data)
{
	uint64_t flags;

	if (proc_field(line, length, "flags:", 8, &flags))
		*(long *)data = (long)flags;
}

/* Discards what the table of unix sockets said. */
static void forget_unix(struct snapshot_outside *outside)
{
	outside->domain = outside->type = 0;
	outside->listens = outside->connected = false;
	outside->local_length = 0;
}

/* Reads the name of a socket's protocol ("TCPv6"), for a socket that is in no table. The name is in
 * an extended attribute since Linux 3.7; lsof(8) reads it, too. */
static void take_protocol(struct snapshot_outside *outside, const char *path)
{
	static const struct {
		const char *name;
		uint16_t domain, type, protocol;
	} protocols[] = {
		{"TCP", AF_INET, SOCK_STREAM, IPPROTO_TCP},
		{"TCPv6", AF_INET6, SOCK_STREAM, IPPROTO_TCP},
		{"MPTCP", AF_INET, SOCK_STREAM, MPTCP},
		{"MPTCPv6", AF_INET6, SOCK_STREAM, MPTCP},
		{"UDP", AF_INET, SOCK_DGRAM, IPPROTO_UDP},
		{"UDPv6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
	};
	char name[32];
	long length = RAW(getxattr, path, "system.sockprotoname", name, sizeof(name) - 1);

	if (length <= 0)
		return;
	name[length] = '\0';
	/* The line in the table of unix sockets may be faked by another socket's name. */
	if (outside->domain == AF_UNIX && strncmp(name, "UNIX", strlen("UNIX")) == 0)
		return;
	forget_unix(outside);
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (strcmp(protocols[i].name, name) != 0)
			continue;
		outside->domain = protocols[i].domain;
		outside->type = protocols[i].type;
		outside->protocol = protocols[i].protocol;
		/* A socket that is neither bound nor connected is in no table, nor is one of
		 * another network namespace: so the state isn't known. */
		outside->unlisted = true;
	}
}

static bool describe_one(struct snapshot_outside *outside, int pid, int fd)
{
	char path[PROC_PATH_SIZE];

	outside->fd = fd;
	outside->flags = -1;
	/* If stat(2) is refused, the descriptor is open all the same. */
	outside->hidden = !proc_stat_path(proc_fd_path(path, pid, fd), &outside->stat);
	if (outside->hidden && proc_fd_open(pid, fd) == 0)
		return false;
	proc_each_line(proc_fdinfo_path(path, pid, fd), FDINFO_LIMIT, take_flags, &outside->flags);
	return true;
}

static int by_inode(const void *left, const void *right)
{
	const struct snapshot_outside *a = left, *b = right;

	if (a->stat.inode != b->stat.inode)
		return a->stat.inode < b->stat.inode ? -1 : 1;
	return (a->fd > b->fd) - (a->fd < b->fd);
}

/* Fills in what the kernel tells about the sockets. */
static void describe_sockets(struct snapshot_outside *outside, size_t count, int pid,
			     struct snapshot_outside **sorted)
{
	size_t sockets = 0;
	char path[PROC_PATH_SIZE];

	for (size_t i = 0; i < count; i++)
		if ((outside[i].stat.mode & S_IFMT) == S_IFSOCK)
			sorted[sockets++] = &outside[i];
	sort_pointers((void **)sorted, sockets, by_inode);
	socket_tables_look_up(sorted, sockets, pid);
	for (size_t i = 0; i < sockets; i++) {
		if (sorted[i]->domain == AF_UNIX && !sorted[i]->type) /* its inode was there
								       * twice */
			forget_unix(sorted[i]);
		if (!sorted[i]->domain || sorted[i]->domain == AF_UNIX)
			take_protocol(sorted[i], proc_fd_path(path, pid, sorted[i]->fd));
	}
}

long outside_describe(const struct snapshot_outside **outside, int pid, const int *fds,
		      size_t count, struct scratch *scratch)
{
	struct snapshot_outside *list = scratch_array(scratch, count, sizeof(*list));
	struct snapshot_outside **sorted = scratch_array(scratch, count, sizeof(*sorted));
	size_t known = 0;

	if (!list || !sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		list[known] = (struct snapshot_outside){0};
		known += describe_one(&list[known], pid, fds[i]);
	}
	describe_sockets(list, known, pid, sorted);
	*outside = list;
	return (long)known;
}
