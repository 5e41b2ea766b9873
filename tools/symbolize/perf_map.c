// SPDX-License-Identifier: MIT
/* See perf_map.h. The file is read once, line by line; only the requested names are kept. */
#include "perf_map.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_MAX_SIZE = 4096 };

static FILE *open_map(const char *folder, int64_t pid, double not_before, int *error)
{
	char path[4096];
	struct stat status;
	int fd;
	FILE *file;

	snprintf(path, sizeof(path), "%s/perf-%lld.map", folder, (long long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	*error = -errno;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    (status.st_uid != geteuid() && status.st_uid != 0) ||
	    (double)status.st_mtim.tv_sec + 1 < not_before) {
		*error = -EPERM;
		close(fd);
		return NULL;
	}
	file = fdopen(fd, "r");
	if (!file) {
		*error = -errno;
		close(fd);
	}
	return file;
}

static void set_names(struct perf_map_name *names, size_t count, uint64_t start, uint64_t size,
		      const char *name)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names[middle].address < start)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < count && names[i].address - start < size; i++) {
		free(names[i].name);
		names[i].name = strdup(name);
	}
}

int perf_map_find(const char *folder, int64_t pid, double not_before, struct perf_map_name *names,
		  size_t count)
{
	int error;
	FILE *file = open_map(folder, pid, not_before, &error);
	char line[NAME_MAX_SIZE];
	bool whole_line = true;

	if (!file)
		return error;
	while (fgets(line, sizeof(line), file)) {
		bool is_start = whole_line;
		size_t length = strlen(line);
		char *end;

		whole_line = length && line[length - 1] == '\n';
		if (!is_start || !isxdigit((unsigned char)line[0]))
			continue; /* the rest of a line that was too long */
		line[strcspn(line, "\r\n")] = '\0';
		uint64_t start = strtoull(line, &end, 16);
		if (*end != ' ' || !isxdigit((unsigned char)end[1]))
			continue;
		uint64_t size = strtoull(end + 1, &end, 16);
		if (*end == ' ' && end[1])
			set_names(names, count, start, size, end + 1);
	}
	fclose(file);
	return 0;
}
