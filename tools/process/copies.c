// SPDX-License-Identifier: MIT
/*
 * See copies.h. The other process runs on meanwhile. So there are rounds: what was copied is
 * compared with what is open now (kcmp(2)), and copied again where it differs, until a round finds
 * nothing to do. All that was copied was then open at one instant, the one between the last two
 * rounds.
 */
#include "copies.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/kcmp.h>
#include <string.h>
#include <sys/resource.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/snapshot/proc.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum {
	ROOM = 8, /* our numbers: the output, the process' folder in /proc, a pidfd, and what a
		   * snapshot opens */
	ROUNDS = 6,
	SPARE = 64, /* numbers that may be opened meanwhile */
	NUMBERS_PIECE = 4096,
	FDINFO_SIZE = 256, /* "flags:" is in its second line */
};

/* The numbers open in the other process, by rising number, as /proc lists them. */
struct numbers {
	int *list;
	size_t count, room;
};

enum mark {
	MARK_NONE,
	MARK_COPIED,
	MARK_REFUSED,
	MARK_CHANGING, /* changed in the last round */
};

struct copying {
	struct copies *copies;
	struct scratch *scratch;
	int pid, folder, pidfd, self;
	int end; /* copies go to numbers below this */
	struct numbers numbers;
	uint8_t *marks; /* enum mark, by number below end */
	bool refused;   /* no more are asked for */
};

static bool add(struct numbers *numbers, int fd, struct scratch *scratch)
{
	if (numbers->count == numbers->room) {
		size_t room = numbers->room ? numbers->room * 2 : NUMBERS_PIECE;
		int *list = scratch_array(scratch, room, sizeof(*list));

		if (!list)
			return false;
		if (numbers->count)
			memcpy(list, numbers->list, numbers->count * sizeof(*list));
		numbers->list = list;
		numbers->room = room;
	}
	numbers->list[numbers->count++] = fd;
	return true;
}

static void note(int fd, void *data)
{
	struct copying *taking = data;

	add(&taking->numbers, fd, taking->scratch);
}

/* Lists the numbers anew. */
static int list(struct copying *taking)
{
	long dir = RAW(openat, taking->folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	taking->numbers.count = 0;
	if (dir < 0)
		return dir == -ENOENT ? -ESRCH : (int)dir;
	long error = descriptors_in((int)dir, note, taking);
	RAW(close, dir);
	if (error == -ENOENT) /* it has ended */
		return -ESRCH;
	return error < 0 ? (int)error : taking->scratch->failed ? -ENOMEM : 0;
}

/* Raises our limit so that numbers below end fit, as far as it goes. Returns up to where they do.
 */
static int raise_limit(int end)
{
	struct rlimit limit;

	if (RAW(prlimit64, 0, RLIMIT_NOFILE, NULL, &limit) != 0)
		return 0;
	if (limit.rlim_max < (rlim_t)end) { /* with CAP_SYS_RESOURCE */
		struct rlimit higher = {.rlim_cur = (rlim_t)end, .rlim_max = (rlim_t)end};

		if (RAW(prlimit64, 0, RLIMIT_NOFILE, &higher, NULL) == 0)
			return end;
	}
	limit.rlim_cur = limit.rlim_max;
	if (RAW(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL) != 0)
		return 0;
	return limit.rlim_cur < (rlim_t)end ? (int)limit.rlim_cur : end;
}

struct own {
	const int *list;
	size_t count;
};

static void close_other(int fd, void *data)
{
	const struct own *own = data;

	for (size_t i = 0; i < own->count; i++)
		if (own->list[i] == fd)
			return;
	RAW(close, fd);
}

static bool move(int *fd, int from)
{
	long moved = RAW(fcntl, *fd, F_DUPFD_CLOEXEC, from);

	if (moved < 0)
		return false;
	RAW(close, *fd);
	*fd = (int)moved;
	return true;
}

/* Makes room for numbers below taking->end: ours are above, all else is closed. */
static int clear(struct copying *taking, int *output)
{
	if ((*output >= 0 && !move(output, taking->end)) || !move(&taking->folder, taking->end) ||
	    (taking->pidfd >= 0 && !move(&taking->pidfd, taking->end)))
		return -EMFILE;
	int own[] = {*output, taking->folder, taking->pidfd};
	descriptors_each(close_other, &(struct own){own, sizeof(own) / sizeof(*own)});
	return 0;
}

static bool parse_flags(const char *text, long *flags)
{
	const char *at = strstr(text, "flags:");

	if (!at)
		return false;
	for (at += strlen("flags:"); *at == ' ' || *at == '\t'; at++)
		;
	for (*flags = 0; *at >= '0' && *at <= '7'; at++)
		*flags = *flags * 8 + (*at - '0');
	return true;
}

/* Whether fd is closed by exec there: pidfd_getfd(2) sets the flag in our copy, and fdinfo has the
 * other's. */
static bool is_close_on_exec(int pid, int fd)
{
	char path[PROC_PATH_SIZE], text[FDINFO_SIZE];
	long flags;

	return !proc_read(proc_fdinfo_path(path, pid, fd), text, sizeof(text)) ||
	       !parse_flags(text, &flags) || flags & O_CLOEXEC;
}

/* Copies one. 0, or a negative errno; -EBADF when it is not open any more. */
static long copy(struct copying *taking, int fd)
{
	bool close_on_exec = is_close_on_exec(taking->pid, fd);
	long got = RAW(pidfd_getfd, taking->pidfd, fd, 0);

	if (got < 0)
		return got;
	if (got == fd)
		return close_on_exec ? 0 : RAW(fcntl, fd, F_SETFD, 0);
	long moved = RAW(dup3, got, fd, close_on_exec ? O_CLOEXEC : 0);
	RAW(close, got);
	return moved < 0 ? moved : 0;
}

/* Whether our copy is of what is open there now. Where the kernel does not compare, a number that
 * is still in use counts as unchanged. */
static bool is_same(const struct copying *taking, int fd)
{
	long order = RAW(kcmp, taking->self, taking->pid, KCMP_FILE, fd, fd);

	return order == 0 || order == -ENOSYS || order == -EPERM;
}

/* Copies fd, or notes that it can't be. */
static void take(struct copying *taking, int fd)
{
	long error = copy(taking, fd);

	if (error == 0) {
		taking->marks[fd] = MARK_COPIED;
	} else if (error != -EBADF) { /* else it has been closed meanwhile */
		taking->marks[fd] = MARK_REFUSED;
		taking->copies->refused = (int)-error;
		/* What is refused for the process as a whole is refused for the rest, too. */
		taking->refused = error == -EPERM || error == -ENOSYS || error == -ESRCH;
	}
}

/* What we hold of numbers that are closed there by now is let go. Returns whether there was any. */
static bool drop_closed(struct copying *taking)
{
	bool dropped = false;
	size_t at = 0;

	for (int fd = 0; fd < taking->end; fd++) {
		while (at < taking->numbers.count && taking->numbers.list[at] < fd)
			at++;
		if (!taking->marks[fd] ||
		    (at < taking->numbers.count && taking->numbers.list[at] == fd))
			continue;
		if (taking->marks[fd] == MARK_COPIED)
			RAW(close, fd);
		taking->marks[fd] = MARK_NONE;
		dropped = true;
	}
	return dropped;
}

/* A round: changed says whether anything had changed since the one before. The last one takes no
 * more copies. Returns 0 or a negative errno. */
static int go_round(struct copying *taking, bool last, bool *changed)
{
	int error = list(taking);

	if (error)
		return error;
	*changed = drop_closed(taking);
	for (size_t i = 0; i < taking->numbers.count; i++) {
		int fd = taking->numbers.list[i];

		if (fd >= taking->end || taking->marks[fd] == MARK_REFUSED ||
		    (taking->refused && !taking->marks[fd]))
			continue;
		if (taking->marks[fd] == MARK_COPIED) {
			if (is_same(taking, fd))
				continue;
			RAW(close, fd);
			taking->marks[fd] = MARK_NONE;
		}
		*changed = true;
		if (last)
			taking->marks[fd] = MARK_CHANGING;
		else
			take(taking, fd);
	}
	return 0;
}

/* What is open there and not in our table. */
static int take_missing(struct copying *taking)
{
	struct copies *copies = taking->copies;

	copies->missing = scratch_array(taking->scratch, taking->numbers.count, sizeof(int));
	if (!copies->missing)
		return -ENOMEM;
	for (size_t i = 0; i < taking->numbers.count; i++) {
		int fd = taking->numbers.list[i];
		uint8_t mark = fd < taking->end ? taking->marks[fd] : MARK_NONE;

		if (fd >= taking->end)
			copies->limit = taking->end;
		if (mark == MARK_CHANGING)
			copies->changing++;
		else if (mark != MARK_COPIED)
			copies->missing[copies->missing_count++] = fd;
	}
	return 0;
}

static int take_all(struct copying *taking)
{
	bool changed = true;
	int error = 0;

	for (int round = 1; changed && !error && round <= ROUNDS; round++)
		error = go_round(taking, round == ROUNDS, &changed);
	return error ? error : take_missing(taking);
}

/* The process' folder in /proc stands for this very process, even if its number is used again. */
static int open_process(struct copying *taking)
{
	char path[PROC_PATH_SIZE];

	taking->folder = (int)RAW(openat, AT_FDCWD, proc_pid_path(path, taking->pid, ""),
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (taking->folder < 0)
		return taking->folder == -ENOENT ? -ESRCH : taking->folder;
	taking->pidfd = (int)RAW(pidfd_open, taking->pid, 0);
	if (taking->pidfd == -EINVAL || taking->pidfd == -ENOENT) /* a thread that is no leader */
		taking->pidfd =
			(int)RAW(pidfd_open, taking->pid, O_EXCL); /* PIDFD_THREAD, Linux 6.9 */
	if (taking->pidfd < 0) {
		taking->refused = true;
		taking->copies->refused = -taking->pidfd;
	}
	return 0;
}

int copies_take(struct copies *copies, int pid, int *output, struct scratch *scratch)
{
	struct copying taking = {
		.copies = copies,
		.scratch = scratch,
		.pid = pid,
		.self = (int)RAW(getpid),
	};

	*copies = (struct copies){0};
	int error = open_process(&taking);
	if (!error)
		error = list(&taking);
	if (error)
		return error;
	int highest = taking.numbers.count ? taking.numbers.list[taking.numbers.count - 1] : 0;
	if (highest > INT_MAX - 2 * SPARE)
		highest = INT_MAX - 2 * SPARE;
	taking.end = raise_limit(highest + SPARE + ROOM) - ROOM;
	if (taking.end < ROOM)
		return -EMFILE;
	taking.marks = scratch_alloc(scratch, (size_t)taking.end);
	if (!taking.marks)
		return -ENOMEM;
	error = clear(&taking, output);
	if (!error)
		error = take_all(&taking);
	if (taking.pidfd >= 0)
		RAW(close, taking.pidfd);
	RAW(close, taking.folder);
	return error;
}
