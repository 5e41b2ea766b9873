// SPDX-License-Identifier: MIT
/* See folder.h. */
#include "folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer_library.h"

static int make_in(const char *parent, char path[PATH_MAX])
{
	if (snprintf(path, PATH_MAX, "%s/fdtrail-run.XXXXXX", parent) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!mkdtemp(path))
		return -errno;
	/* What root starts may go on as another user (nginx's workers), and has snapshots to write.
	 */
	if (geteuid() == 0 && chmod(path, 01733) < 0)
		return -errno;
	return 0;
}

int folder_create(char path[PATH_MAX])
{
	const char *chosen = getenv("TMPDIR");

	/* Only /tmp is sure to have a name that LD_PRELOAD takes. */
	if (chosen && *chosen == '/' && tracer_library_can_be_named(chosen) &&
	    make_in(chosen, path) == 0)
		return 0;
	return make_in("/tmp", path);
}

int folder_link(const char *folder, const char *target, char link[PATH_MAX])
{
	if (snprintf(link, PATH_MAX, "%s/libfdtrail.so", folder) >= PATH_MAX)
		return -ENAMETOOLONG;
	return symlink(target, link) < 0 ? -errno : 0;
}

int folder_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	return rmdir(path) < 0 ? -errno : 0;
}

/* proc_pid_environ(5): variables, each ended by a NUL. */
static int has_variable(const char *pid, const char *variable)
{
	char path[64], *text = NULL;
	size_t size = 0;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%.16s/environ", pid);
	FILE *file = fopen(path, "re");
	while (file && !found && getdelim(&text, &size, '\0', file) > 0)
		found = strcmp(text, variable) == 0;
	if (file)
		fclose(file);
	free(text);
	return found;
}

size_t folder_users(const char *variable, int *pid)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    has_variable(entry->d_name, variable) && !count++)
			*pid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return count;
}
