// SPDX-License-Identifier: MIT
/*
 * The functions behind the hooks: what the program would have called without us, which may be the C
 * library's or another preloaded library's.
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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <unistd.h>
#include <utmp.h>

/* Calls without a declaration in every C library's headers since 2.31, or without any. */
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

#define HOOK __attribute__((visibility("default"))) /* stands in for a function of libc's */

/* sigset(3) and its like are deprecated, and programs call them all the same. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct real {
#define NAME(function)             __typeof__(&function) function;
#define NAME_LIKE(function, other) __typeof__((__typeof__(other) *)0) function;
#include "names.h"
#undef NAME
#undef NAME_LIKE
};

extern struct real real;

/* Looks real functions up: those that each C library has, and those that this one may lack. What it
 * lacks becomes a function that fails with ENOSYS, and dlsym calls malloc to say so; so the second
 * is for the constructor and the hooks of these functions alone: an allocator may open a file
 * inside of malloc, under its lock, and be the first to call a hook. Any number of threads may do
 * it at once. */
void real_resolve(void);
void real_resolve_later(void);

/* When the functions that direct.h is for are the C library's own: its word that is not zero while
 * no thread may be cancelled, since there is none but one (<sys/single_threaded.h>). Else NULL. */
const char *real_alone(void);

/* The slow part of REAL: pointer, in real, is not known yet. */
__attribute__((cold)) void real_resolve_for(const void *pointer);

/* The real function of this name. */
#define REAL(function)                                                                             \
	(__builtin_expect(real.function != NULL, 1)                                                \
		 ? real.function                                                                   \
		 : (real_resolve_for(&real.function), real.function))
