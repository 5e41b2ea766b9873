// SPDX-License-Identifier: MIT
/* See debug_dirs.h. */
#include "debug_dirs.h"

#include <dirent.h>
#include <errno.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "elf_file.h"

/* Most files that are read of one folder, because a build folder may hold any number. */
enum { FILES_MOST = 10000 };

const char *debug_dirs_trouble(const char *path)
{
	struct stat status;
	char hex[BUILD_ID_TEXT];
	bool is_elf;
	int fd;

	if (stat(path, &status) < 0)
		return strerror(errno);
	if (S_ISDIR(status.st_mode)) {
		if (access(path, R_OK | X_OK) < 0)
			return strerror(errno);
		return strchr(path, ':') ? "a folder without a colon in its name" : NULL;
	}
	fd = elf_file_open(path, &status);
	if (fd < 0)
		return fd == -EBADF ? "a folder, or an ELF file" : strerror(-fd);
	elf_version(EV_CURRENT);
	is_elf = elf_file_build_id(fd, hex);
	close(fd);
	return !is_elf ? "a folder, or an ELF file" : *hex ? NULL : "the file has no build-id";
}

/* Opens the file if it has this build-id. A descriptor, or -1. */
static int open_same(const char *path, const char *build_id, enum debug_dirs_for what)
{
	char hex[BUILD_ID_TEXT];
	struct stat status;
	int fd = elf_file_open(path, &status);

	if (fd < 0)
		return -1;
	if (elf_file_build_id(fd, hex) && strcmp(hex, build_id) == 0 &&
	    (what == DEBUG_DIRS_ANY || elf_file_has_lines(fd)))
		return fd;
	close(fd);
	return -1;
}

/* Tries one path. Takes path over (it may be NULL); if it fits, the descriptor is returned and
 * *found is path. */
static int try_path(char *path, const char *build_id, enum debug_dirs_for what, char **found)
{
	int fd = path ? open_same(path, build_id, what) : -1;

	if (fd >= 0)
		*found = path;
	else
		free(path);
	return fd;
}

static char *in_folder(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static int find_in_folder(const char *dir, const char *build_id, enum debug_dirs_for what,
			  char **path)
{
	DIR *folder = opendir(dir);
	const struct dirent *entry;
	int fd = -1;

	for (int i = 0; folder && fd < 0 && i < FILES_MOST && (entry = readdir(folder)); i++)
		if (entry->d_type == DT_REG || entry->d_type == DT_LNK ||
		    entry->d_type == DT_UNKNOWN)
			fd = try_path(in_folder(dir, entry->d_name), build_id, what, path);
	if (folder)
		closedir(folder);
	return fd;
}

int debug_dirs_find(const char *const *dirs, const char *module, const char *build_id,
		    enum debug_dirs_for what, char **path)
{
	int fd = -1;

	if (!build_id || !*build_id)
		return -1;
	for (const char *const *dir = dirs; fd < 0 && dir && *dir; dir++) {
		fd = try_path(strdup(*dir), build_id, what, path);
		if (fd < 0)
			fd = try_path(in_folder(*dir, base_name(module)), build_id, what, path);
		if (fd < 0)
			fd = find_in_folder(*dir, build_id, what, path);
	}
	return fd;
}
