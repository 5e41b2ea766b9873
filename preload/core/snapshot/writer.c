// SPDX-License-Identifier: MIT
/*
 * See writer.h. poll(2) alone doesn't keep a write from blocking: another process may fill the pipe
 * in between, and a terminal counts as ready if it has room for a few bytes. O_NONBLOCK can't be
 * set, because it belongs to the open file description, which the program shares. So pipes and
 * terminals are opened again through /proc, which makes a new description. If that is refused, poll
 * and a write of at most PIPE_BUF bytes must do; a ready pipe takes that much at once (pipe(7)).
 *
 * Other threads of the program may write to the same pipe or terminal. So the text is one write, if
 * that can't block and there is room for it. Otherwise each write ends with a whole line.
 */
#include "writer.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/wait_writable.h"
#include "proc.h"

enum { BUFFER_SIZE = 1024 * 1024, BUFFER_MAX = 16 * BUFFER_SIZE, PATIENCE_MS = 5000, PIECE = 4096 };

/* Only pipes and pseudo terminals. Opening /dev/ptmx (major 5, minor 2) makes a new terminal. */
static bool can_be_reopened(const struct proc_stat *stat)
{
	if ((stat->mode & S_IFMT) == S_IFIFO)
		return true;
	return (stat->mode & S_IFMT) == S_IFCHR && stat->rdev_major >= 136 &&
	       stat->rdev_major <= 143;
}

static int reopen(int fd)
{
	char path[PROC_PATH_SIZE];
	long own = RAW(openat, AT_FDCWD, proc_fd_path(path, PROC_SELF, fd),
		       O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);

	return own < 0 ? -1 : (int)own;
}

void writer_open(struct writer *writer, int fd, const struct writer_sink *sink)
{
	struct proc_stat stat = {0};

	*writer = (struct writer){.fd = fd, .sink = sink, .own = -1, .patience_ms = PATIENCE_MS};
	writer->buffer = memory_map(BUFFER_SIZE);
	writer->size = BUFFER_SIZE;
	if (!writer->buffer) {
		writer->buffer = writer->spare;
		writer->size = sizeof(writer->spare);
	}
	if (sink) {
		writer->way = WRITER_SINK;
		return;
	}
	if (!proc_stat_fd(fd, &stat))
		writer->error = EBADF;
	switch (stat.mode & S_IFMT) {
	case S_IFREG:
	case S_IFBLK:
		writer->way = WRITER_WHOLE;
		break;
	case S_IFSOCK:
		writer->way = WRITER_SOCKET;
		break;
	default:
		writer->way = WRITER_POLLED;
		if (can_be_reopened(&stat))
			writer->own = reopen(fd);
	}
}

/* Waits until the output takes more. Returns 0, or the errno that ends the writing. */
static int wait_ready(struct writer *writer, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - monotonic_ms();
		if (left <= 0)
			return ETIMEDOUT;

		struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
		long answer = wait_writable(writer->own >= 0 ? writer->own : writer->fd, &timeout);
		if (answer == -EINTR)
			continue;
		if (answer < 0)
			return (int)-answer;
		if (answer == 0)
			return ETIMEDOUT;
		return 0; /* also for POLLERR and POLLHUP: the write returns the error */
	}
}

/* Whether the pipe has room for size bytes. A page in use may not be full, so one page is kept as a
 * reserve. Terminals (EBADF) take a write as a whole (tty_io.c, iterate_tty_write). */
static bool has_room(int pipe, size_t size)
{
	int unread = 0;
	long room = RAW(fcntl, pipe, F_GETPIPE_SZ);

	if (room == -EBADF)
		return true;
	return room > 0 && RAW(ioctl, pipe, FIONREAD, &unread) == 0 &&
	       (long)size <= room - unread - PIECE;
}

/* The size of a piece of at most PIECE bytes that ends with a line, unless the line is longer. */
static size_t piece_size(const char *bytes, size_t size)
{
	size_t most = size < PIECE ? size : (size_t)PIECE;
	const char *end = most < size ? memrchr(bytes, '\n', most) : NULL;

	return end ? (size_t)(end - bytes) + 1 : most;
}

static long write_some(struct writer *writer, const char *bytes, size_t size)
{
	switch (writer->way) {
	case WRITER_SOCKET:
		return RAW(sendto, writer->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
	case WRITER_POLLED:
		if (writer->own >= 0 && has_room(writer->own, size))
			return RAW(write, writer->own, bytes, size);
		return RAW(write, writer->own >= 0 ? writer->own : writer->fd, bytes,
			   piece_size(bytes, size));
	default:
		return RAW(write, writer->fd, bytes, size);
	}
}

static void flush(struct writer *writer)
{
	const char *bytes = writer->buffer;
	size_t left = writer->used;
	int64_t deadline = monotonic_ms() + writer->patience_ms;

	writer->used = 0;
	if (writer->way == WRITER_SINK) {
		writer->error = left ? writer->sink->write(writer->sink, bytes, left) : 0;
		return;
	}
	while (left && !writer->error) {
		if (writer->way != WRITER_WHOLE) {
			writer->error = wait_ready(writer, deadline);
			if (writer->error)
				return;
		}
		long wrote = write_some(writer, bytes, left);
		if (wrote > 0) {
			bytes += wrote;
			left -= (size_t)wrote;
			deadline = monotonic_ms() + writer->patience_ms;
		} else if (wrote == 0) {
			writer->error = EIO;
		} else if (wrote == -EAGAIN && writer->way == WRITER_WHOLE) {
			writer->way = WRITER_POLLED;
		} else if (wrote == -EAGAIN) {
			/* It was ready, but the write would block: wait a moment instead of
			 * spinning. */
			struct timespec pause = {.tv_nsec = 2000000};
			RAW(clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
		} else if (wrote != -EINTR) {
			writer->error = (int)-wrote;
		}
	}
}

static bool grow(struct writer *writer)
{
	if (writer->in_pieces || writer->buffer == writer->spare ||
	    (writer->size >= BUFFER_MAX && !writer->holds))
		return false;
	char *larger = memory_grow(writer->buffer, writer->size, 2 * writer->size);
	if (!larger)
		return false;
	writer->buffer = larger;
	writer->size *= 2;
	return true;
}

void writer_put(struct writer *writer, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size && !writer->error) {
		size_t room = writer->size - writer->used, piece = size < room ? size : room;

		memcpy(writer->buffer + writer->used, from, piece);
		writer->used += piece;
		from += piece;
		size -= piece;
		if (writer->used < writer->size || grow(writer))
			continue;
		if (writer->holds) {
			writer->error = ENOMEM;
			return;
		}
		writer->in_pieces = true;
		flush(writer);
	}
}

void writer_hold(struct writer *writer)
{
	writer->holds = true;
}

bool writer_take(struct writer *writer, struct writer_text *text)
{
	char *empty = NULL;

	if (!writer->error &&
	    (writer->buffer == writer->spare || !(empty = memory_map(BUFFER_SIZE))))
		writer->error = ENOMEM;
	if (writer->error)
		return false;
	*text = (struct writer_text){writer->buffer, writer->used, writer->size};
	writer->buffer = empty;
	writer->size = BUFFER_SIZE;
	writer->used = 0;
	return true;
}

bool writer_is_whole(const struct writer *writer)
{
	return !writer->in_pieces && !writer->error;
}

static void write_instead(struct writer *writer, size_t size)
{
	const struct writer_sink *sink = NULL;

	if (writer->instead)
		sink = writer->instead(writer->error, writer->instead_data);
	if (sink)
		writer->error = sink->write(sink, writer->buffer, size);
}

bool writer_close(struct writer *writer)
{
	bool whole = writer_is_whole(writer);
	size_t size = writer->used;

	if (!writer->error)
		flush(writer);
	if (whole && writer->error && writer->way != WRITER_SINK)
		write_instead(writer, size);
	if (writer->own >= 0)
		RAW(close, writer->own);
	if (writer->buffer != writer->spare)
		memory_unmap(writer->buffer, writer->size);
	writer->buffer = writer->spare;
	writer->size = sizeof(writer->spare);
	writer->own = -1;
	return writer->error == 0;
}
