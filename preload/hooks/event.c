// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that make descriptors for something else than files and sockets: events,
 * timers, signals, watches, processes, and file systems that are being mounted.
 */
#include "hook.h"

HOOK int epoll_create(int size)
{
	return opened(REAL(epoll_create)(size), FD_EPOLL);
}

HOOK int epoll_create1(int flags)
{
	return opened(REAL(epoll_create1)(flags), FD_EPOLL);
}

HOOK int eventfd(unsigned int initval, int flags)
{
	return opened(REAL(eventfd)(initval, flags), FD_EVENTFD);
}

HOOK int timerfd_create(clockid_t clockid, int flags)
{
	return opened(REAL(timerfd_create)(clockid, flags), FD_TIMERFD);
}

/* If the caller passes a descriptor, signalfd changes that one and returns it. */
HOOK int signalfd(int fd, const sigset_t *mask, int flags)
{
	int result = REAL(signalfd)(fd, mask, flags);

	return fd == -1 ? opened(result, FD_SIGNALFD) : result;
}

HOOK int inotify_init(void)
{
	return opened(REAL(inotify_init)(), FD_INOTIFY);
}

HOOK int inotify_init1(int flags)
{
	return opened(REAL(inotify_init1)(flags), FD_INOTIFY);
}

HOOK int fanotify_init(unsigned int flags, unsigned int event_f_flags)
{
	return opened(REAL(fanotify_init)(flags, event_f_flags), FD_FANOTIFY);
}

HOOK pidfd_open_type pidfd_open;
int pidfd_open(pid_t pid, unsigned int flags)
{
	return opened(REAL(pidfd_open)(pid, flags), FD_PIDFD);
}

HOOK pidfd_getfd_type pidfd_getfd;
int pidfd_getfd(int pidfd, int targetfd, unsigned int flags)
{
	return opened(REAL(pidfd_getfd)(pidfd, targetfd, flags), FD_UNKNOWN);
}

HOOK fsopen_type fsopen;
int fsopen(const char *fsname, unsigned int flags)
{
	return opened(REAL(fsopen)(fsname, flags), FD_MOUNT);
}

HOOK fspick_type fspick, open_tree;
int fspick(int dirfd, const char *path, unsigned int flags)
{
	return opened(REAL(fspick)(dirfd, path, flags), FD_MOUNT);
}

int open_tree(int dirfd, const char *path, unsigned int flags)
{
	return opened(REAL(open_tree)(dirfd, path, flags), FD_MOUNT);
}

HOOK fsmount_type fsmount;
int fsmount(int fd, unsigned int flags, unsigned int ms_flags)
{
	return opened(REAL(fsmount)(fd, flags, ms_flags), FD_MOUNT);
}
