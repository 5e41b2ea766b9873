// SPDX-License-Identifier: MIT
/*
 * Definitions that the system's headers and C library may be too old for: Linux's numbers for
 * x86_64 (include/uapi/asm-generic/socket.h), and functions that do no more than their system call.
 * Include it after the headers that may have them.
 */
#pragma once

#include <sys/socket.h>
#include <unistd.h>
#if __GLIBC_PREREQ(2, 36)
#include <sys/mount.h>
#else
#include <linux/mount.h> /* Older versions of <sys/mount.h> contradict it. */
#endif

#include "../../preload/core/base/syscall_numbers.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#endif

#if __GLIBC_PREREQ(2, 34)
extern int close_range(unsigned int first, unsigned int last, int flags);
extern void closefrom(int lowfd);
extern int execveat(int dirfd, const char *path, char *const argv[], char *const envp[], int flags);
extern int _Fork(void);
#else
extern long syscall(long number, ...);

static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline void closefrom(int lowfd)
{
	close_range(lowfd < 0 ? 0 : (unsigned int)lowfd, ~0U, 0);
}

static inline int execveat(int dirfd, const char *path, char *const argv[], char *const envp[],
			   int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, argv, envp, flags);
}

static inline int _Fork(void)
{
	return (int)syscall(SYS_fork);
}
#endif

#if __GLIBC_PREREQ(2, 36)
extern int pidfd_open(int pid, unsigned int flags);
extern int pidfd_getfd(int pidfd, int targetfd, unsigned int flags);
#else
static inline int pidfd_open(int pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int pidfd_getfd(int pidfd, int targetfd, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_getfd, pidfd, targetfd, flags);
}

static inline int fsopen(const char *name, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, name, flags);
}

static inline int fsconfig(int fd, unsigned int command, const char *key, const char *value,
			   int aux)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, aux);
}

static inline int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

static inline int fspick(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_fspick, dirfd, path, flags);
}

static inline int open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}
#endif
