// SPDX-License-Identifier: MIT
/* See snapshot_files.h. */
#include "snapshot_files.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Absolute, as the tracer makes it: the program may go to another folder. */
static char *absolute(const char *pattern)
{
	char here[PATH_MAX], *escaped, *result = NULL;

	if (*pattern == '/' || !getcwd(here, sizeof(here)))
		return strdup(pattern);
	escaped = snapshot_files_escape(here);
	if (escaped && asprintf(&result, "%s/%s", escaped, pattern) < 0)
		result = NULL;
	free(escaped);
	return result;
}

/* What stands for the % places (preload/runtime/output.c): numbers, a time, names. */
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
		case '\0': /* The tracer refuses that; so has the caller. */
			*to = '\0';
			return result;
		default:
			*to++ = '*';
		}
	}
	*to = '\0';
	return result;
}

/* The folder, unless its name has places itself. */
static char *folder(const char *pattern)
{
	const char *end = strrchr(pattern, '/');
	char *result = malloc((size_t)(end - pattern) + 2), *to = result;

	for (const char *at = pattern; result && at < end; at++) {
		if (*at == '%' && *++at != '%') {
			free(result);
			return NULL;
		}
		*to++ = *at;
	}
	if (result && to == result)
		*to++ = '/';
	if (result)
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

static int look(struct snapshot_files *files, bool old)
{
	glob_t found;
	int result = glob(files->wildcard, GLOB_NOSORT, NULL, &found);

	if (result == GLOB_NOMATCH)
		return 0;
	if (result != 0)
		return result == GLOB_NOSPACE ? -ENOMEM : -EIO;
	result = 0;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct stat status;

		if (lstat(found.gl_pathv[i], &status) < 0 || !S_ISREG(status.st_mode) ||
		    find(files, &status))
			continue;
		void *more = reallocarray(files->files, files->count + 1, sizeof(*files->files));
		char *path = strdup(found.gl_pathv[i]);
		if (more)
			files->files = more;
		if (!more || !path) {
			free(path);
			result = -ENOMEM;
			break;
		}
		files->files[files->count++] = (struct snapshot_file){
			.path = path,
			.device = status.st_dev,
			.inode = status.st_ino,
			.begin = old ? status.st_size : 0,
			.shown = old ? status.st_size : 0,
		};
	}
	globfree(&found);
	return result;
}

int snapshot_files_init(struct snapshot_files *files, const char *pattern)
{
	*files = (struct snapshot_files){.pattern = absolute(pattern)};
	if (!files->pattern || !(files->wildcard = wildcard(files->pattern)))
		return -ENOMEM;
	files->folder = folder(files->pattern);
	return look(files, true);
}

int snapshot_files_look(struct snapshot_files *files)
{
	return look(files, false);
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
