// SPDX-License-Identifier: MIT
/* See folder.h. */
#include "folder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload/core/base/write_signals.h"
#include "tools/process/family.h"
#include "tracer_library.h"

enum { EXEC_NAPS = 100, EXEC_NAP_US = 500 };

size_t folder_owner_text(char text[FOLDER_OWNER_SIZE])
{
	char host[65] = "", name[64] = "";

	gethostname(host, sizeof(host) - 1);
	ssize_t length = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);
	return (size_t)snprintf(text, FOLDER_OWNER_SIZE, "%s %.*s\n", host,
				length > 0 ? (int)length : 0, name);
}

/* Makes the lock file. It gets its name after it is locked, so that a sweep never sees it
 * unlocked. */
static int make_owner(struct folder *folder)
{
	char text[FOLDER_OWNER_SIZE], fresh[PATH_MAX + 16], name[PATH_MAX + 16];
	size_t length = folder_owner_text(text);

	snprintf(fresh, sizeof(fresh), "%s/" FOLDER_OWNER ".new", folder->top);
	snprintf(name, sizeof(name), "%s/" FOLDER_OWNER, folder->top);
	folder->owner = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (folder->owner < 0)
		return -errno;
	/* If the file system has no locks, or no file may grow (ulimit -f), a forgotten folder is
	 * never removed. */
	struct write_signals held;
	write_signals_hold(&held);
	bool written = write(folder->owner, text, length) == (ssize_t)length;
	write_signals_release(&held);
	if (flock(folder->owner, LOCK_EX | LOCK_NB) == 0 && written && rename(fresh, name) == 0)
		return 0;
	unlink(fresh);
	close(folder->owner);
	folder->owner = -1;
	return 0;
}

/* For root: makes the folder that every user may write into, with a name that can't be guessed. */
static int make_inner(struct folder *folder)
{
	uint64_t name;

	if (getrandom(&name, sizeof(name), 0) != sizeof(name))
		return -EIO;
	if (snprintf(folder->path, PATH_MAX, "%s/%016" PRIx64, folder->top, name) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (mkdir(folder->path, 0700) < 0 || chmod(folder->path, 01733) < 0 ||
	    chmod(folder->top, 0711) < 0)
		return -errno;
	return 0;
}

static int make_in(const char *parent, struct folder *folder)
{
	folder->owner = -1;
	*folder->path = '\0';
	if (snprintf(folder->top, PATH_MAX, "%s/" FOLDER_PREFIX "XXXXXX", parent) >= PATH_MAX)
		return -ENAMETOOLONG;
	folder_sweep(parent);
	if (!mkdtemp(folder->top))
		return -errno;
	int error = make_owner(folder);
	if (error == 0 && geteuid() == 0)
		error = make_inner(folder);
	else if (error == 0)
		memcpy(folder->path, folder->top, strlen(folder->top) + 1);
	if (error) {
		folder_remove(folder);
		*folder->path = '\0';
	}
	return error;
}

int folder_create(struct folder *folder)
{
	const char *chosen = getenv("TMPDIR");

	/* Only /tmp surely has a name that LD_PRELOAD accepts. */
	if (chosen && *chosen == '/' && tracer_library_can_be_named(chosen) &&
	    make_in(chosen, folder) == 0)
		return 0;
	return make_in("/tmp", folder);
}

int folder_link(const struct folder *folder, const char *target, char link[PATH_MAX])
{
	if (snprintf(link, PATH_MAX, "%s/libfdtrail.so", folder->path) >= PATH_MAX)
		return -ENAMETOOLONG;
	return symlink(target, link) < 0 ? -errno : 0;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static void empty(int fd, int levels)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (is_dots(entry->d_name) || unlinkat(fd, entry->d_name, 0) == 0 || !levels)
			continue;
		int inner =
			openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0)
			empty(inner, levels - 1);
		unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	closedir(dir);
}

void folder_empty(int fd)
{
	empty(fd, 1);
}

void folder_remove(struct folder *folder)
{
	int fd = open(folder->top, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0)
		folder_empty(fd);
	rmdir(folder->top);
	if (folder->owner >= 0)
		close(folder->owner);
	folder->owner = -1;
}

void folder_keep(struct folder *folder)
{
	char name[PATH_MAX + 16];

	if (folder->owner < 0)
		return;
	snprintf(name, sizeof(name), "%s/" FOLDER_OWNER, folder->top);
	unlink(name);
	close(folder->owner);
	folder->owner = -1;
}

/* Whether wanted is in a variable of that process' environment (proc_pid_environ(5): variables,
 * each ended by a NUL). *empty: it has no variable now. */
static bool mentions(const char *pid, const char *wanted, bool *empty)
{
	char path[64], *text = NULL;
	size_t size = 0;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%.16s/environ", pid);
	FILE *file = fopen(path, "re");
	*empty = file != NULL;
	while (file && !found && getdelim(&text, &size, '\0', file) > 0) {
		*empty = false;
		found = strstr(text, wanted);
	}
	if (file)
		fclose(file);
	free(text);
	return found;
}

/* Whether the process runs a program: kernel threads don't, nor does one that has ended. */
static bool has_program(const char *pid)
{
	char path[64], target[2];

	snprintf(path, sizeof(path), "/proc/%.16s/exe", pid);
	return readlink(path, target, sizeof(target)) > 0;
}

/* The same as mentions, but the environment of a process that is executing another program is empty
 * for a moment (execve sets mm->env_end last), and is looked at again then. *naps: how many more
 * times all of them together may be waited for, because a program's environment may be empty. */
static bool mentions_after_exec(const char *pid, const char *wanted, int *naps)
{
	bool empty, found = mentions(pid, wanted, &empty);

	while (empty && *naps > 0 && has_program(pid)) {
		--*naps;
		usleep(EXEC_NAP_US);
		found = mentions(pid, wanted, &empty);
	}
	return found;
}

size_t folder_users(const char *text, int *pid)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int naps = EXEC_NAPS;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		if (isdigit((unsigned char)*entry->d_name) &&
		    mentions_after_exec(entry->d_name, text, &naps) &&
		    !family_is_none(atoi(entry->d_name)) && !count++)
			*pid = atoi(entry->d_name);
	if (dir)
		closedir(dir);
	return count;
}
