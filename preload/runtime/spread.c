// SPDX-License-Identifier: MIT
/* See spread.h. */
#include "spread.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/base/raw_syscall.h"

enum {
	FIRST = STDERR_FILENO + 1,
	END_MOST = 16384, /* a snapshot asks the kernel about each number up to the highest */
	MOVES = 64,       /* between two looks at the limit */
	SPARE = 8,        /* one of so many numbers stays free */
};

static _Atomic int next = FIRST; /* the number to try */
static _Atomic int end;          /* one past the highest number to give out */
static _Atomic int moves_left;   /* until the limit is looked at again */
static _Atomic bool resting;     /* nearly all numbers are in use */

/* The numbers in use change by one a call, so looking now and then is enough. */
static void look_at_limit(void)
{
	struct rlimit limit = {.rlim_cur = 0};
	int most, room;

	RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
	most = limit.rlim_cur < END_MOST ? (int)limit.rlim_cur : END_MOST;
	room = most - most / SPARE - (int)ledger_count(&runtime.ledger);
	atomic_store(&end, most);
	atomic_store(&resting, room <= 0);
	atomic_store(&moves_left, room <= 0 || room > MOVES ? MOVES : room);
}

static bool may_move(int fd)
{
	struct stat status;

	if (fd < FIRST || !runtime_on())
		return false;
	if (atomic_fetch_sub(&moves_left, 1) <= 0)
		look_at_limit();
	return !atomic_load(&resting) && RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH) == 0 &&
	       !S_ISREG(status.st_mode);
}

/* Copies fd to the next number that is free; or negative. */
static long copy_up(int fd, long flags)
{
	long request = flags & FD_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD;
	int from = atomic_load(&next);
	long copy;

	if (from >= atomic_load(&end))
		from = FIRST;
	copy = RAW(fcntl, fd, request, from);
	/* Nothing is free up there: from the beginning. */
	if (copy < 0 && from > FIRST)
		copy = RAW(fcntl, fd, request, FIRST);
	return copy;
}

int spread_move(int fd)
{
	long flags, copy;

	if (!may_move(fd) || (flags = RAW(fcntl, fd, F_GETFD)) < 0)
		return fd;
	copy = copy_up(fd, flags);
	if (copy < 0)
		return fd;
	/* Two threads may both store; then a number is skipped, or tried again. */
	atomic_store(&next, (int)copy + 1);
	RAW(close, fd);
	return (int)copy;
}

void spread_start(void)
{
	atomic_store(&moves_left, 0);
	atomic_store(&resting, false);
	runtime.moves_below = runtime.options.spread ? INT_MAX : 0;
}
