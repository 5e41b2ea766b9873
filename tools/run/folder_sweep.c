// SPDX-License-Identifier: MIT
/*
 * The folders of runs that were killed (SIGKILL, the machine's out of memory) and so left them
 * behind. The next run removes them. A folder for temporary files is everyone's: what lies there
 * under a name of ours may be another user's trap, so all is opened without following links, and
 * looked at when it is open.
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

/* Nobody but this user, and root, can have put anything into such a folder. */
static bool is_ours(int fd, struct stat *status)
{
	return fstat(fd, status) == 0 && S_ISDIR(status->st_mode) && status->st_uid == geteuid() &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

/* Whether the run that made the folder has ended without removing it. If so the lock is ours, until
 * the descriptor is closed that is returned; else -1. */
static int take_lock(int folder)
{
	char wanted[FOLDER_OWNER_SIZE], there[FOLDER_OWNER_SIZE];
	size_t length = folder_owner_text(wanted);
	struct stat status;
	int fd = openat(folder, FOLDER_OWNER, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -1;
	/* Looked at when it is locked: a run that leaves its folder to the user has removed it. */
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
