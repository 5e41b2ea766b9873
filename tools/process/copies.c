// SPDX-License-Identifier: MIT
/*
 * See copies.h. The other process runs while it is copied. So this works in rounds: each compares
 * the copies with what is open now (kcmp(2)), and copies again what differs, until a round finds
 * nothing to do. Then all copied descriptors were open at one instant, between the last two rounds.
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

enum {
	ROOM = 8, /* for our own descriptors: the output, the process' folder in /proc, a pidfd, and
		   * what a snapshot opens */
	ROUNDS = 6,
	SPARE = 64, /* room for descriptors that are opened in the meantime */
	NUMBERS_PIECE = 4096,
	FDINFO_SIZE = 256, /* "flags:" is in its second line */
};

/* The descriptors that are open in the other process, in rising order, as /proc lists them. */
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
	bool refused;   /* copying is refused for good: try no more */
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
	struct copying *copying = data;

	add(&copying->numbers, fd, copying->scratch);
}

/* Lists the descriptors again. 0 or a negative errno. */
static int list(struct copying *copying)
{
	long dir = RAW(openat, copying->folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	copying->numbers.count = 0;
	if (dir < 0)
		return dir == -ENOENT ? -ESRCH : (int)dir;
	long error = descriptors_in((int)dir, note, copying);
	RAW(close, dir);
	if (error == -ENOENT) /* the process has ended */
		return -ESRCH;
	return error < 0 ? (int)error : copying->scratch->failed ? -ENOMEM : 0;
}

/* Raises our limit for descriptors below end, as far as possible. Returns the limit, at most
 * end. */
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

/* Frees all numbers below copying->end: moves our descriptors above it, and closes all others. 0 or
 * a negative errno. */
static int clear(struct copying *copying, int *output)
{
	if ((*output >= 0 && !move(output, copying->end)) ||
	    !move(&copying->folder, copying->end) ||
	    (copying->pidfd >= 0 && !move(&copying->pidfd, copying->end)))
		return -EMFILE;
	int own[] = {*output, copying->folder, copying->pidfd};
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

/* Whether fd is close-on-exec in the other process. fdinfo tells; pidfd_getfd(2) always sets the
 * flag in the copy. */
static bool is_close_on_exec(int pid, int fd)
{
	char path[PROC_PATH_SIZE], text[FDINFO_SIZE];
	long flags;

	return !proc_read(proc_fdinfo_path(path, pid, fd), text, sizeof(text)) ||
	       !parse_flags(text, &flags) || flags & O_CLOEXEC;
}

/* Copies a descriptor. 0, or a negative errno: -EBADF it is no longer open. */
static long copy(struct copying *copying, int fd)
{
	bool close_on_exec = is_close_on_exec(copying->pid, fd);
	long got = RAW(pidfd_getfd, copying->pidfd, fd, 0);

	if (got < 0)
		return got;
	if (got == fd)
		return close_on_exec ? 0 : RAW(fcntl, fd, F_SETFD, 0);
	long moved = RAW(dup3, got, fd, close_on_exec ? O_CLOEXEC : 0);
	RAW(close, got);
	return moved < 0 ? moved : 0;
}

/* Whether our copy is the same open file as fd is there now. If the kernel can't compare, a number
 * that is still open counts as unchanged. */
static bool is_same(const struct copying *copying, int fd)
{
	long order = RAW(kcmp, copying->self, copying->pid, KCMP_FILE, fd, fd);

	return order == 0 || order == -ENOSYS || order == -EPERM;
}

/* Copies fd, or notes that it can't be. */
static void take(struct copying *copying, int fd)
{
	long error = copy(copying, fd);

	if (error == 0) {
		copying->marks[fd] = MARK_COPIED;
	} else if (error != -EBADF) { /* EBADF: it has been closed in the meantime */
		copying->marks[fd] = MARK_REFUSED;
		copying->copies->refused = (int)-error;
		/* These errors hold for all descriptors of the process. */
		copying->refused = error == -EPERM || error == -ENOSYS || error == -ESRCH;
	}
}

/* Closes our copies of descriptors that are closed there by now. Returns whether there were any. */
static bool drop_closed(struct copying *copying)
{
	bool dropped = false;
	size_t at = 0;

	for (int fd = 0; fd < copying->end; fd++) {
		while (at < copying->numbers.count && copying->numbers.list[at] < fd)
			at++;
		if (!copying->marks[fd] ||
		    (at < copying->numbers.count && copying->numbers.list[at] == fd))
			continue;
		if (copying->marks[fd] == MARK_COPIED)
			RAW(close, fd);
		copying->marks[fd] = MARK_NONE;
		dropped = true;
	}
	return dropped;
}

/* Does a round. Sets *changed to whether anything has changed since the round before. The last
 * round makes no more copies. 0 or a negative errno. */
static int go_round(struct copying *copying, bool last, bool *changed)
{
	int error = list(copying);

	if (error)
		return error;
	*changed = drop_closed(copying);
	for (size_t i = 0; i < copying->numbers.count; i++) {
		int fd = copying->numbers.list[i];

		if (fd >= copying->end || copying->marks[fd] == MARK_REFUSED ||
		    (copying->refused && !copying->marks[fd]))
			continue;
		if (copying->marks[fd] == MARK_COPIED) {
			if (is_same(copying, fd))
				continue;
			RAW(close, fd);
			copying->marks[fd] = MARK_NONE;
		}
		*changed = true;
		if (last)
			copying->marks[fd] = MARK_CHANGING;
		else
			take(copying, fd);
	}
	return 0;
}

/* Lists the descriptors that are open there and not copied. 0 or a negative errno. */
static int take_missing(struct copying *copying)
{
	struct copies *copies = copying->copies;

	copies->missing = scratch_array(copying->scratch, copying->numbers.count, sizeof(int));
	if (!copies->missing)
		return -ENOMEM;
	for (size_t i = 0; i < copying->numbers.count; i++) {
		int fd = copying->numbers.list[i];
		uint8_t mark = fd < copying->end ? copying->marks[fd] : MARK_NONE;

		if (fd >= copying->end)
			copies->limit = copying->end;
		if (mark == MARK_CHANGING)
			copies->changing++;
		else if (mark != MARK_COPIED)
			copies->missing[copies->missing_count++] = fd;
	}
	return 0;
}

static int take_all(struct copying *copying)
{
	bool changed = true;
	int error = 0;

	for (int round = 1; changed && !error && round <= ROUNDS; round++)
		error = go_round(copying, round == ROUNDS, &changed);
	return error ? error : take_missing(copying);
}

/* Opens the process' folder in /proc and a pidfd. Both refer to this very process, even if its
 * number is used again. */
static int open_process(struct copying *copying)
{
	char path[PROC_PATH_SIZE];

	copying->folder = (int)RAW(openat, AT_FDCWD, proc_pid_path(path, copying->pid, ""),
				   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (copying->folder < 0)
		return copying->folder == -ENOENT ? -ESRCH : copying->folder;
	copying->pidfd = (int)RAW(pidfd_open, copying->pid, 0);
	if (copying->pidfd == -EINVAL || copying->pidfd == -ENOENT) /* pid is a thread, not a
								     * leader */
		copying->pidfd =
			(int)RAW(pidfd_open, copying->pid, O_EXCL); /* PIDFD_THREAD, Linux 6.9 */
	if (copying->pidfd < 0) {
		copying->refused = true;
		copying->copies->refused = -copying->pidfd;
	}
	return 0;
}

int copies_take(struct copies *copies, int pid, int *output, struct scratch *scratch)
{
	struct copying copying = {
		.copies = copies,
		.scratch = scratch,
		.pid = pid,
		.self = (int)RAW(getpid),
	};

	*copies = (struct copies){0};
	int error = open_process(&copying);
	if (!error)
		error = list(&copying);
	if (error)
		return error;
	int highest = copying.numbers.count ? copying.numbers.list[copying.numbers.count - 1] : 0;
	if (highest > INT_MAX - 2 * SPARE)
		highest = INT_MAX - 2 * SPARE;
	copying.end = raise_limit(highest + SPARE + ROOM) - ROOM;
	if (copying.end < ROOM)
		return -EMFILE;
	copying.marks = scratch_alloc(scratch, (size_t)copying.end);
	if (!copying.marks)
		return -ENOMEM;
	error = clear(&copying, output);
	if (!error)
		error = take_all(&copying);
	if (copying.pidfd >= 0)
		RAW(close, copying.pidfd);
	RAW(close, copying.folder);
	return error;
}
