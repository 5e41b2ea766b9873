// SPDX-License-Identifier: MIT
/* See source_path.h. */
#include "source_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *source_path(char *path, const char *folder, const char *file)
{
	bool joined = file[0] != '/' && folder && *folder;
	int length = snprintf(path, SOURCE_PATH_MAX, "%s%s%s", joined ? folder : "",
			      joined ? "/" : "", file);

	if (length < 0 || length >= SOURCE_PATH_MAX)
		return file;

	bool absolute = path[0] == '/';
	size_t size = absolute, kept = 0; /* size: of the result; kept: number of its parts */
	for (char *part = path, *next; part; part = next) {
		char *end = strchrnul(part, '/');
		size_t part_size = (size_t)(end - part);

		next = *end ? end + 1 : NULL;
		if (part_size == 0 || (part_size == 1 && part[0] == '.'))
			continue;
		if (part_size == 2 && memcmp(part, "..", 2) == 0 && kept) {
			while (size > absolute && path[size - 1] != '/')
				size--;
			size -= size > absolute;
			kept--;
			continue;
		}
		if (part_size == 2 && memcmp(part, "..", 2) == 0) {
			if (absolute)
				continue; /* the root's parent is the root */
		} else {
			kept++; /* a leading ".." of a relative path stays */
		}
		if (size > absolute)
			path[size++] = '/';
		memmove(path + size, part, part_size);
		size += part_size;
	}
	path[size] = '\0';
	return size ? path : file;
}
