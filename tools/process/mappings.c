// SPDX-License-Identifier: MIT
/* See mappings.h. The lines' form is in proc_pid_maps(5). */
#include "mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_PIECE = 64 * 1024, TEXT_MAX = 256 * 1024 * 1024 };

/* Reads the whole file, and adds a zero byte. 0 or a negative errno. */
static int read_text(int pid, char **text)
{
	char path[40];
	size_t size = FIRST_PIECE, used = 0;
	int error = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	char *buffer = malloc(size);
	while (buffer) {
		ssize_t got = read(fd, buffer + used, size - used - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			error = -errno;
		if (got <= 0 || size >= TEXT_MAX)
			break;
		used += (size_t)got;
		if (size - used < size / 2) {
			char *larger = realloc(buffer, size * 2);

			if (!larger)
				free(buffer);
			buffer = larger;
			size *= 2;
		}
	}
	close(fd);
	if (!buffer)
		return -ENOMEM;
	if (error) {
		free(buffer);
		return error;
	}
	buffer[used] = '\0';
	*text = buffer;
	return 0;
}

/* A newline in a path is written as \012; a backslash is not escaped, so the rest stays as it is.
 */
static void unescape(char *path)
{
	char *to = path;

	for (const char *from = path; *from; to++) {
		if (strncmp(from, "\\012", 4) == 0) {
			*to = '\n';
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* Parses a line, which ends in a zero byte. False: it isn't a mapping. */
static bool parse(char *line, struct mapping *mapping)
{
	static const char deleted[] = " (deleted)";
	unsigned long long start, end, offset, inode;
	unsigned int major, minor;
	char permissions[8];
	int path = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &start, &end, permissions, &offset,
		   &major, &minor, &inode, &path) < 7 ||
	    !path || start >= end || strlen(permissions) < 4)
		return false;
	*mapping = (struct mapping){
		.start = start,
		.end = end,
		.offset = offset,
		.inode = inode,
		.device = major << 20 | minor,
		.writable = permissions[1] == 'w',
		.executable = permissions[2] == 'x',
		.path = line + path,
	};
	size_t length = strlen(mapping->path), tail = strlen(deleted);
	if (inode && length > tail && strcmp(mapping->path + length - tail, deleted) == 0)
		line[(size_t)path + length - tail] = '\0';
	unescape(line + path);
	return true;
}

int mappings_read(struct mappings *mappings, int pid)
{
	size_t lines = 0;

	*mappings = (struct mappings){0};
	int error = read_text(pid, &mappings->text);
	if (error)
		return error;
	for (const char *at = mappings->text; (at = strchr(at, '\n')); at++)
		lines++;
	mappings->list = calloc(lines + 1, sizeof(*mappings->list));
	if (!mappings->list) {
		mappings_finish(mappings);
		return -ENOMEM;
	}
	for (char *line = mappings->text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		mappings->count += parse(line, &mappings->list[mappings->count]);
	}
	if (!mappings->count) {
		mappings_finish(mappings);
		return -ESRCH;
	}
	return 0;
}

void mappings_finish(struct mappings *mappings)
{
	free(mappings->list);
	free(mappings->text);
	*mappings = (struct mappings){0};
}

const struct mapping *mappings_find(const struct mappings *mappings, uintptr_t address)
{
	size_t low = 0, high = mappings->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mapping *mapping = &mappings->list[middle];

		if (address < mapping->start)
			high = middle;
		else if (address >= mapping->end)
			low = middle + 1;
		else
			return mapping;
	}
	return NULL;
}
