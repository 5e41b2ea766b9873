// SPDX-License-Identifier: MIT
/*
 * Hooks of the functions that open files by name, and of those that open shared memory, message
 * queues and pseudo-terminals. Called by the traced program only.
 */
#include "direct.h"

#include <stdarg.h>

/* open(2): the caller passes a mode only if the call may create a file. */
#define MODE_ARGUMENT(flags, last)                                                                 \
	mode_t mode = 0;                                                                           \
	if ((flags)&O_CREAT || ((flags)&O_TMPFILE) == O_TMPFILE) {                                 \
		va_list arguments;                                                                 \
		va_start(arguments, last);                                                         \
		mode = va_arg(arguments, mode_t);                                                  \
		va_end(arguments);                                                                 \
	}

/* glibc makes the system call openat(2) in open(), too. */
static inline int open_directly(int dirfd, const char *pathname, int flags, mode_t mode)
{
	return direct(SYS_openat, dirfd, (long)pathname, flags, mode);
}

HOOK int open(const char *pathname, int flags, ...)
{
	MODE_ARGUMENT(flags, flags)
	return opened(direct_alone() ? open_directly(AT_FDCWD, pathname, flags, mode)
				     : REAL(open)(pathname, flags, mode),
		      FD_FILE);
}

HOOK int open64(const char *pathname, int flags, ...)
{
	MODE_ARGUMENT(flags, flags)
	return opened(direct_alone() ? open_directly(AT_FDCWD, pathname, flags, mode)
				     : REAL(open64)(pathname, flags, mode),
		      FD_FILE);
}

HOOK_ALIAS(__open, open);
HOOK_ALIAS(__open64, open64);

HOOK int openat(int dirfd, const char *pathname, int flags, ...)
{
	MODE_ARGUMENT(flags, flags)
	return opened(direct_alone() ? open_directly(dirfd, pathname, flags, mode)
				     : REAL(openat)(dirfd, pathname, flags, mode),
		      FD_FILE);
}

HOOK int openat64(int dirfd, const char *pathname, int flags, ...)
{
	MODE_ARGUMENT(flags, flags)
	return opened(direct_alone() ? open_directly(dirfd, pathname, flags, mode)
				     : REAL(openat64)(dirfd, pathname, flags, mode),
		      FD_FILE);
}

HOOK openat2_type openat2;
int openat2(int dirfd, const char *pathname, const struct open_how *how, size_t size)
{
	return opened(REAL(openat2)(dirfd, pathname, how, size), FD_FILE);
}

/* Programs that are built with _FORTIFY_SOURCE call these instead of open() without a mode. */
HOOK two_arguments __open_2, __open64_2, __mq_open_2;
HOOK three_arguments __openat_2, __openat64_2;

int __open_2(const char *pathname, int flags)
{
	return opened(REAL(__open_2)(pathname, flags), FD_FILE);
}

int __open64_2(const char *pathname, int flags)
{
	return opened(REAL(__open64_2)(pathname, flags), FD_FILE);
}

int __openat_2(int dirfd, const char *pathname, int flags)
{
	return opened(REAL(__openat_2)(dirfd, pathname, flags), FD_FILE);
}

int __openat64_2(int dirfd, const char *pathname, int flags)
{
	return opened(REAL(__openat64_2)(dirfd, pathname, flags), FD_FILE);
}

HOOK int creat(const char *pathname, mode_t mode)
{
	return opened(REAL(creat)(pathname, mode), FD_FILE);
}

HOOK int creat64(const char *pathname, mode_t mode)
{
	return opened(REAL(creat64)(pathname, mode), FD_FILE);
}

HOOK int open_by_handle_at(int mount_fd, struct file_handle *handle, int flags)
{
	return opened(REAL(open_by_handle_at)(mount_fd, handle, flags), FD_FILE);
}

HOOK int mkstemp(char *template)
{
	return opened(REAL(mkstemp)(template), FD_FILE);
}

HOOK int mkstemp64(char *template)
{
	return opened(REAL(mkstemp64)(template), FD_FILE);
}

HOOK int mkostemp(char *template, int flags)
{
	return opened(REAL(mkostemp)(template, flags), FD_FILE);
}

HOOK int mkostemp64(char *template, int flags)
{
	return opened(REAL(mkostemp64)(template, flags), FD_FILE);
}

HOOK int mkstemps(char *template, int suffixlen)
{
	return opened(REAL(mkstemps)(template, suffixlen), FD_FILE);
}

HOOK int mkstemps64(char *template, int suffixlen)
{
	return opened(REAL(mkstemps64)(template, suffixlen), FD_FILE);
}

HOOK int mkostemps(char *template, int suffixlen, int flags)
{
	return opened(REAL(mkostemps)(template, suffixlen, flags), FD_FILE);
}

HOOK int mkostemps64(char *template, int suffixlen, int flags)
{
	return opened(REAL(mkostemps64)(template, suffixlen, flags), FD_FILE);
}

HOOK int memfd_create(const char *name, unsigned int flags)
{
	return opened(REAL(memfd_create)(name, flags), FD_MEMFD);
}

HOOK int shm_open(const char *name, int oflag, mode_t mode)
{
	return opened(REAL(shm_open)(name, oflag, mode), FD_SHM);
}

HOOK mqd_t mq_open(const char *name, int oflag, ...)
{
	mode_t mode = 0;
	struct mq_attr *attr = NULL;

	if (oflag & O_CREAT) {
		va_list arguments;
		va_start(arguments, oflag);
		mode = va_arg(arguments, mode_t);
		attr = va_arg(arguments, struct mq_attr *);
		va_end(arguments);
	}
	return opened(REAL(mq_open)(name, oflag, mode, attr), FD_MQUEUE);
}

int __mq_open_2(const char *name, int oflag)
{
	return opened(REAL(__mq_open_2)(name, oflag), FD_MQUEUE);
}

HOOK int posix_openpt(int flags)
{
	return opened(REAL(posix_openpt)(flags), FD_PTY);
}

HOOK int getpt(void)
{
	return opened(REAL(getpt)(), FD_PTY);
}

HOOK int openpty(int *amaster, int *aslave, char *name, const struct termios *termp,
		 const struct winsize *winp)
{
	hook_begins(HERE);
	int result = REAL(openpty)(amaster, aslave, name, termp, winp);
	int pair[2] = {result < 0 ? -1 : *amaster, result < 0 ? -1 : *aslave};

	return hook_pair(result, pair, FD_PTY, __func__, HERE);
}

/* Only the parent records something. In the child the terminal is at the three standard
 * descriptors, and the child counts these as inherited, like all others. */
HOOK pid_t forkpty(int *amaster, char *name, const struct termios *termp,
		   const struct winsize *winp)
{
	pid_t pid = REAL(forkpty)(amaster, name, termp, winp);

	if (pid < 0)
		runtime_failed(__func__);
	else if (pid > 0)
		runtime_opened(*amaster, &(struct opening){.kind = FD_PTY}, HERE);
	return pid;
}
