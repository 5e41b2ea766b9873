// SPDX-License-Identifier: MIT
/*
 * See original.h. kcmp(2) would tell, too, but a program's seccomp filter may kill for it; all
 * programs call fcntl(2).
 */
#include "original.h"

#include <sys/stat.h>

#include "preload/core/base/raw_syscall.h"

enum { DUPFD_QUERY = 1027 }; /* F_DUPFD_QUERY of linux/fcntl.h: Linux 6.10 */

static const struct descriptor *find(const struct descriptor *descriptors, size_t count, int fd)
{
	size_t begin = 0, end = count;

	while (begin < end) {
		size_t middle = begin + (end - begin) / 2;

		if (descriptors[middle].fd == fd)
			return &descriptors[middle];
		if (descriptors[middle].fd < fd)
			begin = middle + 1;
		else
			end = middle;
	}
	return NULL;
}

/* Before Linux 6.10: whether the number still has what was copied, by what else is known. */
static enum descriptor_original compare(const struct descriptor *copy, const struct descriptor *now)
{
	bool known = copy->stat.inode && now->stat.inode;

	if (known && !proc_stat_same(&copy->stat, &now->stat))
		return ORIGINAL_CLOSED;
	/* A socket has an inode of its own; files and anonymous inodes may be opened twice. */
	if (known && (copy->stat.mode & S_IFMT) == S_IFSOCK)
		return ORIGINAL_OPEN;
	if (now->class != DESCRIPTOR_OPENED)
		return ORIGINAL_UNKNOWN;
	if (now->entry.opened_at > copy->entry.opened_at)
		return ORIGINAL_CLOSED;
	return now->entry.opened_at < copy->entry.opened_at ? ORIGINAL_OPEN : ORIGINAL_UNKNOWN;
}

/* Whether descriptors without a place in the census are closed for certain. Our output's number has
 * none, and may be the program's, as 2 is. */
static bool is_whole(const struct snapshot_request *request, int fd)
{
	return !request->target && fd != request->output;
}

static enum descriptor_original original_of(const struct descriptor *copy,
					    const struct descriptor *now,
					    const struct snapshot_request *request)
{
	int fd = (int)copy->entry.dup_of;
	bool here = !copy->outside && (now ? !now->outside : !request->target);
	long same = here ? RAW(fcntl, copy->fd, DUPFD_QUERY, fd) : -1;

	if (same == 0 || same == 1)
		return same ? ORIGINAL_OPEN : ORIGINAL_CLOSED;
	if (!now)
		return is_whole(request, fd) ? ORIGINAL_CLOSED : ORIGINAL_UNKNOWN;
	return compare(copy, now);
}

void originals_find(struct descriptor *descriptors, size_t count,
		    const struct snapshot_request *request)
{
	for (size_t i = 0; i < count; i++) {
		struct descriptor *copy = &descriptors[i];

		if (copy->class == DESCRIPTOR_OPENED && copy->entry.origin == FD_DUPLICATED &&
		    copy->entry.dup_of != LEDGER_NO_FD)
			copy->original = original_of(
				copy, find(descriptors, count, (int)copy->entry.dup_of), request);
	}
}
