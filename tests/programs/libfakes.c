// SPDX-License-Identifier: MIT
/*
 * Stands between the tracer and the C library, for conditions that a shared machine can't be
 * brought into. With FAKE_SLOTS, dup() returns ever higher numbers; with FAKE_ENFILE, open() finds
 * the system's table full. It has pidfd_spawn, which glibc has since 2.39, and openat2, which glibc
 * has since 2.43.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "newer_kernel.h"

int dup(int fd);
int open(const char *path, int flags, ...);

int dup(int fd)
{
	static _Atomic int next = 1000;

	if (getenv("FAKE_SLOTS"))
		return atomic_fetch_add(&next, 1);
	return ((int (*)(int))dlsym(RTLD_NEXT, "dup"))(fd);
}

int open(const char *path, int flags, ...)
{
	va_list arguments;

	if (getenv("FAKE_ENFILE")) {
		errno = ENFILE;
		return -1;
	}
	va_start(arguments, flags);
	int mode = va_arg(arguments, int);
	va_end(arguments);
	return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open"))(path, flags, mode);
}

struct open_how;
int openat2(int dirfd, const char *path, const struct open_how *how, size_t size);

int openat2(int dirfd, const char *path, const struct open_how *how, size_t size)
{
	/* A raw call, so that no hook sees it. */
	long (*call)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

	return (int)call(SYS_openat2, (long)dirfd, path, how, size);
}

typedef int spawn_type(int *, const char *, const posix_spawn_file_actions_t *,
		       const posix_spawnattr_t *, char *const[], char *const[]);
spawn_type pidfd_spawn, pidfd_spawnp;

int pidfd_spawn(int *pidfd, const char *path, const posix_spawn_file_actions_t *file_actions,
		const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	pid_t pid;
	int error = posix_spawn(&pid, path, file_actions, attributes, argv, envp);
	/* A raw call, so that no hook sees it. */
	long (*call)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

	if (!error)
		*pidfd = (int)call(SYS_pidfd_open, (long)pid, 0L);
	return error;
}

int pidfd_spawnp(int *pidfd, const char *file, const posix_spawn_file_actions_t *file_actions,
		 const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
	return pidfd_spawn(pidfd, file, file_actions, attributes, argv, envp);
}
