// SPDX-License-Identifier: MIT
/*
 * The real functions: those that the program would call without fdtrail. They belong to the C
 * library or to another preloaded library.
 */
#pragma once

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <fts.h>
#include <mntent.h>
#include <mqueue.h>
#include <netdb.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <unistd.h>
#include <utmp.h>

/* Types of functions that not all glibc headers since 2.31 declare, or none does. */
typedef int two_arguments(const char *path, int flags);
typedef int three_arguments(int dirfd, const char *path, int flags);
struct open_how;
typedef int openat2_type(int dirfd, const char *path, const struct open_how *how, size_t size);
typedef int pidfd_open_type(pid_t pid, unsigned int flags);
typedef int pidfd_getfd_type(int pidfd, int targetfd, unsigned int flags);
typedef int fsopen_type(const char *fsname, unsigned int flags);
typedef int fspick_type(int dirfd, const char *path, unsigned int flags);
typedef int fsmount_type(int fd, unsigned int flags, unsigned int ms_flags);
typedef int pidfd_spawn_type(int *restrict pidfd, const char *restrict path,
			     const posix_spawn_file_actions_t *restrict file_actions,
			     const posix_spawnattr_t *restrict attrp, char *const argv[restrict],
			     char *const envp[restrict]);
typedef int close_range_type(unsigned int first, unsigned int last, int flags);
typedef void closefrom_type(int lowfd);
typedef int execveat_type(int dirfd, const char *path, char *const argv[], char *const envp[],
			  int flags);

#define HOOK __attribute__((visibility("default"))) /* takes the place of a function of libc's */

/* sigset(3) and its like are deprecated, but programs still call them. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct real {
#define NAME(function)             __typeof__(&function) function;
#define NAME_LIKE(function, other) __typeof__((__typeof__(other) *)0) function;
#include "names.h"
#undef NAME
#undef NAME_LIKE
};

extern struct real real;

/* real_resolve looks up the real functions that each C library has, real_resolve_later those that
 * this one may lack. A missing function becomes one that fails with ENOSYS; but one of
 * real_resolve's stays NULL until it is called, because before glibc 2.34 librt and libutil, which
 * have some of them, may be loaded later. For a missing function
 * dlsym calls malloc, so real_resolve_later is only for the constructor and the hooks of these
 * functions: the first caller of a hook may be an allocator that opens a file in malloc, under its
 * lock. Both keep errno; several threads may call them at once. */
void real_resolve(void);
void real_resolve_later(void);

/* Returns libc's variable that isn't zero while there is only one thread, so that none can be
 * cancelled (<sys/single_threaded.h>). Returns NULL if the functions that direct.h replaces aren't
 * the C library's own, or this glibc doesn't use that variable. */
const char *real_alone(void);

/* The slow part of REAL: looks up the functions if the member of real at pointer is still NULL. */
__attribute__((cold)) void real_resolve_for(void *pointer);

/* The real function of this name, never NULL. */
#define REAL(function)                                                                             \
	(__builtin_expect(real.function != NULL, 1)                                                \
		 ? real.function                                                                   \
		 : (real_resolve_for(&real.function), real.function))
