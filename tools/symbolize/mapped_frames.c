// SPDX-License-Identifier: MIT
/*
 * See mapped_frames.h. A file names its map in its last lines: "//# sourceMappingURL=". Each file
 * is read once for a snapshot.
 */
#include "mapped_frames.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/reader/snapshot_time.h"
#include "frames.h"
#include "source_map.h"

enum { FILE_MAX = 64 << 20 };

struct mapped_file {
	struct mapped_file *next;
	const char *path;       /* of the generated file; the model's */
	char folder[PATH_MAX];  /* of the map, with a slash at its end, or "" */
	struct source_map *map; /* NULL: there is none */
};

struct mapped_files {
	struct mapped_file *first;
	double not_after; /* the snapshot's time */
};

/* Reads a whole file, to be freed. NULL: there is none, or it isn't to be used. */
static char *read_whole(const char *path, double not_after, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	char *text = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < FILE_MAX &&
	    (double)status.st_mtim.tv_sec <= not_after)
		text = malloc((size_t)status.st_size + 1);
	*size = 0;
	while (text && *size < (size_t)status.st_size) {
		ssize_t got = read(fd, text + *size, (size_t)status.st_size - *size);

		if (got <= 0)
			break;
		*size += (size_t)got;
	}
	close(fd);
	return text;
}

/* The last URL of a map in the text. */
static const char *find_url(const char *text, size_t size, size_t *length)
{
	static const char mark[] = "//# sourceMappingURL=";
	const char *found = NULL, *at = text, *end = text + size;

	while ((at = memmem(at, (size_t)(end - at), mark, sizeof(mark) - 1))) {
		at += sizeof(mark) - 1;
		found = at;
	}
	if (!found)
		return NULL;
	*length = 0;
	while (found + *length < end && !strchr(" \t\r\n", found[*length]))
		++*length;
	return found;
}

/* Sets folder to that of path, with the slash; "": it has none. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash + 1 - path) : 0;

	if (length >= PATH_MAX)
		length = 0;
	memcpy(folder, path, length);
	folder[length] = '\0';
}

static void read_map(struct mapped_file *file, double not_after)
{
	size_t size, length;
	char *text = read_whole(file->path, not_after, &size), *json;
	const char *url = text ? find_url(text, size, &length) : NULL;
	char path[PATH_MAX];

	folder_of(file->path, file->folder);
	if (!url || !length) {
		free(text);
		return;
	}
	json = source_map_inline(url, length, &size);
	if (!json && strlen(file->folder) + length < sizeof(path) && !memchr(url, ':', length)) {
		char *end = *url == '/' ? path : stpcpy(path, file->folder);

		memcpy(end, url, length);
		end[length] = '\0';
		json = read_whole(path, not_after, &size);
		folder_of(path, file->folder);
	}
	if (json)
		file->map = source_map_read(json, size);
	free(json);
	free(text);
}

static struct mapped_file *file_of(struct mapped_files *files, const char *path)
{
	for (struct mapped_file *file = files->first; file; file = file->next)
		if (strcmp(file->path, path) == 0)
			return file;
	struct mapped_file *file = calloc(1, sizeof(*file));
	if (!file)
		return NULL;
	file->path = path;
	file->next = files->first;
	files->first = file;
	read_map(file, files->not_after);
	return file;
}

/* Removes "./" and "folder/../" from a path. */
static void shorten(char *path)
{
	char *to = path;

	for (const char *at = path; *at;) {
		size_t length = strcspn(at, "/");
		bool slash = at[length] == '/';

		if (length == 1 && at[0] == '.' && slash) {
			at += 2;
			continue;
		}
		char *before = to > path + 1 ? memrchr(path, '/', (size_t)(to - path - 1)) : NULL;
		char *last = before ? before + 1 : path;

		if (length == 2 && memcmp(at, "..", 2) == 0 && slash && to > path &&
		    to - last > 1 && !(to - last == 3 && memcmp(last, "../", 3) == 0)) {
			to = last;
			at += 3;
			continue;
		}
		memmove(to, at, length + slash);
		to += length + slash;
		at += length + slash;
	}
	*to = '\0';
}

/* The path of a source, in the snapshot's memory; NULL: it is a URL, or too long. */
static const char *source_path(struct model_snapshot *snapshot, const struct mapped_file *file,
			       const char *source)
{
	static const char scheme[] = "file://";
	const char *root = source_map_root(file->map);
	char path[PATH_MAX];

	if (strncmp(source, scheme, sizeof(scheme) - 1) == 0)
		source += sizeof(scheme) - 1;
	if (strstr(source, "://") || strstr(root, "://"))
		return NULL;
	const char *slash = *root && root[strlen(root) - 1] != '/' ? "/" : "";
	bool absolute = *source == '/';
	int length = snprintf(path, sizeof(path), "%s%s%s%s",
			      absolute || *root == '/' ? "" : file->folder, absolute ? "" : root,
			      absolute ? "" : slash, source);

	if (length < 0 || (size_t)length >= sizeof(path))
		return NULL;
	shorten(path);
	return frames_string(snapshot, path);
}

static int map_frame(struct model_snapshot *snapshot, struct model_frame *frame, void *data)
{
	struct model_location *at = frame->locations;
	const char *source;

	if (!frame->language || strcmp(frame->language, "javascript") != 0 || frame->library ||
	    !frame->location_count || !at->file || !at->line || strncmp(at->file, "node:", 5) == 0)
		return 0;
	struct mapped_file *file = file_of(data, at->file);
	if (!file)
		return -ENOMEM;
	int line = file->map ? source_map_line(file->map, at->line, &source) : 0;
	const char *path = line ? source_path(snapshot, file, source) : NULL;

	if (path) {
		at->file = path;
		at->line = line;
	}
	return 0;
}

int mapped_frames_name(struct model_snapshot *snapshot)
{
	struct mapped_files files = {
		.not_after = (double)snapshot_time_ms(snapshot->when) / 1000,
	};
	int result = frames_each(snapshot, map_frame, &files);

	for (struct mapped_file *next, *file = files.first; file; file = next) {
		next = file->next;
		source_map_destroy(file->map);
		free(file);
	}
	return result;
}
