// SPDX-License-Identifier: MIT
/* See snapshot_files.h. */
#include "snapshot_files.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/policy/signal_use.h"

char *snapshot_files_escape(const char *path)
{
	char *escaped = malloc(2 * strlen(path) + 1), *to = escaped;

	if (!escaped)
		return NULL;
	for (; *path; path++) {
		if (*path == '%')
			*to++ = '%';
		*to++ = *path;
	}
	*to = '\0';
	return escaped;
}

/* Makes the pattern absolute, as the tracer does, because the program may change its folder. NULL
 * and errno. */
static char *absolute(const char *pattern)
{
	char here[PATH_MAX], *escaped, *result = NULL;

	if (*pattern == '/')
		return strdup(pattern);
	if (!getcwd(here, sizeof(here)))
		return NULL;
	escaped = snapshot_files_escape(here);
	if (escaped && asprintf(&result, "%s/%s", escaped, pattern) < 0)
		result = NULL;
	free(escaped);
	return result;
}

/* Replaces the % places (preload/core/policy/snapshot_output.c: numbers, a time, names) by what
 * glob(3) matches. NULL: no memory. */
static char *wildcard(const char *pattern)
{
	char *result = malloc(8 * strlen(pattern) + 1), *to = result;

	if (!result)
		return NULL;
	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			if (strchr("*?[\\", *pattern))
				*to++ = '\\';
			*to++ = *pattern;
			continue;
		}
		switch (*++pattern) {
		case 'p':
		case 'n':
			to = stpcpy(to, "[0-9]*");
			break;
		case '%':
			*to++ = '%';
			break;
		case '\0': /* The tracer and our caller have refused this. */
			*to = '\0';
			return result;
		default:
			*to++ = '*';
		}
	}
	*to = '\0';
	return result;
}

/* The pattern's folder. NULL: its name has % places itself, or there is no memory. */
static char *folder(const char *pattern)
{
	const char *end = strrchr(pattern, '/');
	char *result = malloc((size_t)(end - pattern) + 2), *to = result;

	if (!result)
		return NULL;
	for (const char *at = pattern; at < end; at++) {
		if (*at == '%' && *++at != '%') {
			free(result);
			return NULL;
		}
		*to++ = *at;
	}
	if (to == result)
		*to++ = '/';
	*to = '\0';
	return result;
}

static struct snapshot_file *find(struct snapshot_files *files, const struct stat *status)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].inode == status->st_ino &&
		    files->files[i].device == status->st_dev)
			return &files->files[i];
	return NULL;
}

/* The file at path, which is added if it isn't known. old: what it holds isn't from this run. NULL
 * with errno 0: it isn't one of ours; otherwise no memory. */
static struct snapshot_file *note(struct snapshot_files *files, const char *path, bool old)
{
	struct snapshot_file *file;
	struct stat status;

	errno = 0;
	if (lstat(path, &status) < 0 || !S_ISREG(status.st_mode)) {
		errno = 0;
		return NULL;
	}
	file = find(files, &status);
	if (!file) {
		void *more = reallocarray(files->files, files->count + 1, sizeof(*files->files));
		if (!more)
			return NULL;
		files->files = more;
		file = &files->files[files->count];
		off_t begin = old ? status.st_size : 0;
		*file = (struct snapshot_file){
			.path = strdup(path),
			.device = status.st_dev,
			.inode = status.st_ino,
			.begin = begin,
			.shown = begin,
			.telling = begin,
			.whole = begin,
		};
		if (!file->path)
			return NULL;
		files->count++;
	}
	file->changed = status.st_mtim;
	return file;
}

static int look(struct snapshot_files *files, bool old)
{
	glob_t found;
	int result = glob(files->wildcard, GLOB_NOSORT, NULL, &found);

	if (result == GLOB_NOMATCH)
		return 0;
	if (result != 0)
		return result == GLOB_NOSPACE ? -ENOMEM : -EIO;
	for (size_t i = 0; i < found.gl_pathc && !result; i++)
		if (!note(files, found.gl_pathv[i], old) && errno)
			result = -ENOMEM;
	globfree(&found);
	return result;
}

static int by_age(const void *one, const void *other)
{
	const struct timespec *a = &((const struct snapshot_file *)one)->changed,
			      *b = &((const struct snapshot_file *)other)->changed;

	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

/* Whether the snapshot whose reason stands here, up to end at most, is to be reported now: it is
 * not the last one of its process, and no signal of the program's own triggered it. Only these two
 * lines are looked at, because this process has to answer to signals. */
static bool is_wanted(const char *why, const char *end)
{
	static const char runs_on[] = "\nend: none\n";
	const char *behind = memchr(why, '\n', (size_t)(end - why));

	return behind && (size_t)(end - behind) >= sizeof(runs_on) - 1 &&
	       memcmp(behind, runs_on, sizeof(runs_on) - 1) == 0 &&
	       !memmem(why, (size_t)(behind - why), SIGNAL_OF_PROGRAM, strlen(SIGNAL_OF_PROGRAM));
}

/* Whether text, which was added to the file, has snapshots to report now. Sets *whole to the end of
 * the last complete snapshot. */
static bool has_news(char *text, size_t length, size_t *whole)
{
	static const char first[] = "fdtrail snapshot, format 1\nwhy: ",
			  last[] = "\nend of fdtrail snapshot, format 1\n";
	char *end = NULL;

	for (char *at = text;
	     (at = memmem(at, (size_t)(text + length - at), last, sizeof(last) - 1));)
		end = at += sizeof(last) - 1;
	*whole = end ? (size_t)(end - text) : 0;
	for (char *at = text;
	     end && (at = memmem(at, (size_t)(end - at), first, sizeof(first) - 1));) {
		at += sizeof(first) - 1;
		if (is_wanted(at, end))
			return true;
	}
	return false;
}

bool snapshot_files_news(struct snapshot_files *files, const char *name)
{
	struct snapshot_file *file;
	struct stat status;
	char path[PATH_MAX], *text = NULL;
	bool news = false;

	if (snprintf(path, sizeof(path), "%s/%s", files->folder, name) >= (int)sizeof(path) ||
	    fnmatch(files->wildcard, path, FNM_PATHNAME) != 0 || !(file = note(files, path, false)))
		return false;
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > file->whole) {
		size_t size = (size_t)(status.st_size - file->whole), whole;
		ssize_t length = (text = malloc(size)) ? pread(fd, text, size, file->whole) : -1;

		if (length > 0) {
			news = has_news(text, (size_t)length, &whole);
			file->whole += (off_t)whole;
		}
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return news;
}

int snapshot_files_init(struct snapshot_files *files, const char *pattern)
{
	errno = ENOMEM;
	*files = (struct snapshot_files){.pattern = absolute(pattern)};
	if (!files->pattern || !(files->wildcard = wildcard(files->pattern)))
		return -errno;
	files->folder = folder(files->pattern);
	return look(files, true);
}

int snapshot_files_look(struct snapshot_files *files)
{
	int error = look(files, false);

	if (files->count)
		qsort(files->files, files->count, sizeof(*files->files), by_age);
	return error;
}

void snapshot_files_finish(struct snapshot_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->files[i].path);
	free(files->files);
	free(files->pattern);
	free(files->wildcard);
	free(files->folder);
}
