// SPDX-License-Identifier: MIT
/* See channel.h. */
#include "channel.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "line.h"
#include "raw_syscall.h"

/* A bit in the lower half, beside the number of the file: the thread blocks this signal. */
#define BLOCKED UINT64_C(0x80000000)
/* Another: what stands beside it is no file's number, but a token. */
#define IN_MEMORY UINT64_C(0x40000000)

_Static_assert((BLOCKED & INT_MAX) == 0 && (CHANNEL_MARK & UINT32_MAX) == 0 &&
		       BLOCKED <= UINT32_MAX && (IN_MEMORY & CHANNEL_TOKEN_MAX) == 0,
	       "the mark, the bits and the number of the file or the token lie side by side");

enum { TMPFS = 0x01021994 }; /* TMPFS_MAGIC of statfs(2): files of memfd_create(2) lie there */

static uint64_t value_of(const siginfo_t *info)
{
	return (uint64_t)(uintptr_t)info->si_value.sival_ptr;
}

bool channel_asks(const siginfo_t *info)
{
	uint64_t value = value_of(info);

	return info->si_code == SI_QUEUE && (value & ~UINT64_C(0xffffffff)) == CHANNEL_MARK &&
	       (info->si_pid > 0 || value & IN_MEMORY);
}

void channel_set_token(siginfo_t *info, uint32_t token)
{
	info->si_value.sival_ptr = (void *)(uintptr_t)(CHANNEL_MARK | IN_MEMORY | token);
}

uint32_t channel_token(const siginfo_t *info)
{
	return channel_asks(info) && value_of(info) & IN_MEMORY
		       ? (uint32_t)value_of(info) & CHANNEL_TOKEN_MAX
		       : 0;
}

void channel_set_blocked(siginfo_t *info)
{
	info->si_value.sival_ptr = (void *)(uintptr_t)(value_of(info) | BLOCKED);
}

bool channel_was_blocked(const siginfo_t *info)
{
	return channel_asks(info) && value_of(info) & BLOCKED;
}

int channel_file(const siginfo_t *info)
{
	return (int)(value_of(info) & INT_MAX);
}

/* Whether this user could find out everything in a snapshot anyway. */
static bool may_read_us(uid_t user)
{
	return user == 0 ||
	       (user == (uid_t)RAW(geteuid) && RAW(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

static bool is_channel(int fd)
{
	struct stat status;
	struct statfs place;

	return RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 && S_ISREG(status.st_mode) &&
	       status.st_size == 0 && status.st_nlink == 0 && may_read_us(status.st_uid) &&
	       RAW(fstatfs, fd, &place) == 0 && (unsigned long)place.f_type == TMPFS;
}

int channel_open(const siginfo_t *info)
{
	LINE(path, LINE_SHORT);

	if (!channel_asks(info) || channel_token(info))
		return -1;
	line_add(&path, "/proc/");
	line_number(&path, info->si_pid);
	line_add(&path, "/fd/");
	line_number(&path, channel_file(info));
	long fd = RAW(openat, AT_FDCWD, path.text,
		      O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd >= 0 && !is_channel((int)fd)) {
		RAW(close, fd);
		return -1;
	}
	return fd < 0 ? -1 : (int)fd;
}
