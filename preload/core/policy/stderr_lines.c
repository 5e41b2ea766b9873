// SPDX-License-Identifier: MIT
/* See stderr_lines.h. */
#include "stderr_lines.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/wait_writable.h"
#include "preload/core/base/write_signals.h"

static _Atomic uint64_t device, inode; /* those of stderr; inode 0: there is no stderr */

/* fstat(2), by whichever call the program's seccomp filter allows. */
static bool status_of(int fd, uint64_t *dev, uint64_t *ino, unsigned int *mode)
{
	struct stat status;
	struct statx other;

	if (RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0) {
		*dev = status.st_dev;
		*ino = status.st_ino;
		*mode = status.st_mode;
		return true;
	}
	if (RAW(statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &other) != 0)
		return false;
	*dev = makedev(other.stx_dev_major, other.stx_dev_minor);
	*ino = other.stx_ino;
	*mode = other.stx_mode;
	return true;
}

static bool look(uint64_t *dev, uint64_t *ino)
{
	unsigned int mode;
	int domain = AF_UNSPEC;
	socklen_t size = sizeof(domain);

	if (!status_of(2, dev, ino, &mode))
		return false;
	if (S_ISSOCK(mode) &&
	    (RAW(getsockopt, 2, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_UNIX))
		return false;
	return true;
}

void message_note_stderr(void)
{
	uint64_t dev = 0, ino = 0;

	if (!look(&dev, &ino))
		ino = 0;
	atomic_store(&device, dev);
	atomic_store(&inode, ino);
}

bool message_stderr_is_ours(void)
{
	uint64_t dev, ino;

	return atomic_load(&inode) && look(&dev, &ino) && dev == atomic_load(&device) &&
	       ino == atomic_load(&inode);
}

void message(const struct line *line)
{
	struct timespec patience = {.tv_sec = 1};
	struct iovec parts[] = {
		{.iov_base = (char *)"fdtrail: ", .iov_len = strlen("fdtrail: ")},
		{.iov_base = (char *)line->text, .iov_len = line->length},
		{.iov_base = (char *)"\n", .iov_len = 1},
	};

	if (!message_stderr_is_ours())
		return;
	/* A reader that has stopped reading must not stop the program. */
	if (wait_writable(2, &patience) <= 0)
		return;
	struct write_signals held;
	write_signals_hold(&held);
	RAW(writev, 2, parts, 3);
	write_signals_release(&held);
}
