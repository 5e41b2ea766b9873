// SPDX-License-Identifier: MIT
/* See mark_file.h. */
#include "mark_file.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/read_safely.h"
#include "ledger.h"

enum {
	PAGE = 4096,
	WINDOW = 64 * 1024 * 1024, /* the mapping: no more than so much may be appended */
	CHUNK = 1024,              /* read at once; a longer line counts as several */
};

struct mark_file {
	const char *map;
	uint64_t start; /* the mapping's place in the file */
	uint64_t first; /* marks are read from here on */
	uint64_t device, inode;
	char path[PATH_MAX];
};

/* Maps the file that fd is. False: *reason or *error says why not. */
static bool map(struct mark_file *file, int fd, int *error, const char **reason)
{
	struct stat status;
	char probe;

	*error = -(int)RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH);
	if (*error)
		return false;
	if (!S_ISREG(status.st_mode)) {
		*reason = "it is not a regular file";
		return false;
	}
	file->device = status.st_dev;
	file->inode = status.st_ino;
	/* The last line counts from the start. */
	file->first = status.st_size > CHUNK ? (uint64_t)status.st_size - CHUNK : 0;
	file->start = file->first / PAGE * PAGE;
	long address = RAW(mmap, NULL, WINDOW, PROT_READ, MAP_SHARED, fd, file->start);
	if (address < 0 && address > -4096) {
		*error = -(int)address;
		return false;
	}
	file->map = (const char *)address;
	if (!read_safely(&probe, file->path, 1)) {
		RAW(munmap, file->map, WINDOW);
		*reason = "the kernel refuses process_vm_readv(2)";
		return false;
	}
	return true;
}

struct mark_file *mark_file_open(const char *path, int *error, const char **reason)
{
	struct mark_file *file = memory_map(sizeof(*file));
	long fd;

	*reason = NULL;
	*error = ENOMEM;
	if (!file)
		return NULL;
	memcpy(file->path, path, strnlen(path, sizeof(file->path) - 1));
	/* O_NONBLOCK: the open of a FIFO would wait for a writer. */
	fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		 0666);
	*error = -(int)fd;
	if (fd >= 0) {
		bool mapped = map(file, (int)fd, error, reason);

		RAW(close, fd);
		if (mapped)
			return file;
	}
	memory_unmap(file, sizeof(*file));
	return NULL;
}

void mark_file_start(struct ledger *ledger, const struct mark_file *file)
{
	ledger->marks.file = file;
	atomic_store(&ledger->marks.position, file ? file->first : 0);
}

/* Reads at most CHUNK bytes of the file, up to its end. The last page is filled up with zeroes. */
static size_t read_chunk(const struct mark_file *file, uint64_t at, char *chunk)
{
	size_t got = 0;

	if (at - file->start > WINDOW - CHUNK)
		return 0;
	while (got < CHUNK) {
		size_t place = (size_t)(at - file->start) + got, piece = PAGE - place % PAGE;

		if (piece > CHUNK - got)
			piece = CHUNK - got;
		if (!read_safely(chunk + got, file->map + place, piece))
			break;
		size_t length = strnlen(chunk + got, piece);
		got += length;
		if (length < piece)
			break;
	}
	return got;
}

/* The last line that ends in these bytes and isn't empty; *end: after the last newline. A line that
 * fills the chunk counts as if it ended there. */
static const char *last_line(const char *chunk, size_t got, size_t *length, size_t *end)
{
	const char *newline = memrchr(chunk, '\n', got), *stop, *start;

	*end = newline ? (size_t)(newline - chunk) + 1 : got == CHUNK ? got : 0;
	stop = chunk + *end;
	while (stop > chunk && (stop[-1] == '\n' || stop[-1] == '\r'))
		stop--;
	start = memrchr(chunk, '\n', (size_t)(stop - chunk));
	start = start ? start + 1 : chunk;
	*length = (size_t)(stop - start);
	return start;
}

void mark_file_follow(struct ledger *ledger, uint64_t now_ms)
{
	const struct mark_file *file = ledger->marks.file;
	char chunk[CHUNK], text[MARK_TEXT_MAX];
	size_t got, length = 0, line_length, end;

	if (!file)
		return;
	uint64_t from = atomic_load(&ledger->marks.position), at = from;

	while ((got = read_chunk(file, at, chunk))) {
		const char *line = last_line(chunk, got, &line_length, &end);

		if (!end)
			break;
		at += end;
		if (!line_length)
			continue;
		length = line_length < sizeof(text) ? line_length : sizeof(text);
		memcpy(text, line, length);
	}
	if (at != from)
		mark_table_follow(ledger, from, at, text, length, now_ms);
}

const char *mark_file_trouble(const struct ledger *ledger)
{
	const struct mark_file *file = ledger->marks.file;
	uint64_t position = atomic_load(&ledger->marks.position);
	struct stat status;

	if (!file)
		return NULL;
	if (RAW(newfstatat, AT_FDCWD, file->path, &status, 0) != 0)
		return "mark file can't be found any more: if it was replaced, later marks are "
		       "missing";
	if (status.st_dev != file->device || status.st_ino != file->inode)
		return "mark file was replaced: later marks are missing";
	if ((uint64_t)status.st_size < position)
		return "mark file was cut: later marks are missing";
	return NULL;
}
