// SPDX-License-Identifier: MIT
/*
 * Removes the folders of runs that were killed (SIGKILL, out of memory). Every user can write to a
 * folder for temporary files, so an entry with a name of ours may be another user's trap:
 * everything is opened without following links, and checked after it is open.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

/* Whether only this user and root can have put anything into the folder. Fills in status. */
static bool is_ours(int fd, struct stat *status)
{
	return fstat(fd, status) == 0 && S_ISDIR(status->st_mode) && status->st_uid == geteuid() &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Takes the lock of the folder if the run that made it has ended without removing it. Returns a
 * descriptor, and the lock is ours until it is closed; else -1. */
static int take_lock(int folder)
{
	char wanted[FOLDER_OWNER_SIZE], there[FOLDER_OWNER_SIZE];
	size_t length = folder_owner_text(wanted);
	struct stat status;
	int fd = openat(folder, FOLDER_OWNER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* Check after locking, because a run that leaves its folder to the user removes the lock
	 * file. */
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &status) == 0 &&
	    S_ISREG(status.st_mode) && status.st_uid == geteuid() && status.st_nlink == 1 &&
	    read(fd, there, sizeof(there)) == (ssize_t)length && memcmp(there, wanted, length) == 0)
		return fd;
	close(fd);
	return -1;
}

static void look_at(int parent, const char *path, const char *name)
{
	struct stat status, named;
	char top[PATH_MAX];
	int users = 0, lock,
	    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!is_ours(fd, &status) || (lock = take_lock(fd)) < 0) {
		close(fd);
		return;
	}
	if (snprintf(top, sizeof(top), "%s/%s", path, name) < (int)sizeof(top) &&
	    folder_users(top, &users) == 0) {
		folder_empty(fd);
		fd = -1;
		if (fstatat(parent, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    named.st_ino == status.st_ino && named.st_dev == status.st_dev)
			unlinkat(parent, name, AT_REMOVEDIR);
	}
	if (fd >= 0)
		close(fd);
	close(lock);
}

void folder_sweep(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strncmp(entry->d_name, FOLDER_PREFIX, sizeof(FOLDER_PREFIX) - 1) == 0)
			look_at(dirfd(dir), parent, entry->d_name);
	if (dir)
		closedir(dir);
}
