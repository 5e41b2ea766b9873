// SPDX-License-Identifier: MIT
/* The real functions behind the wrappers of use_names.h, and the wrappers, which hooks/use_list.c
 * lists for runtime/redirect.c. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Types of functions that headers declare only with _FORTIFY_SOURCE, or only since a later glibc
 * than 2.31. */
typedef ssize_t read_chk_type(int fd, void *buf, size_t count, size_t buflen);
typedef ssize_t pread_chk_type(int fd, void *buf, size_t count, off_t offset, size_t buflen);
typedef ssize_t pread64_chk_type(int fd, void *buf, size_t count, off64_t offset, size_t buflen);
typedef ssize_t recv_chk_type(int sockfd, void *buf, size_t len, size_t buflen, int flags);
typedef ssize_t recvfrom_chk_type(int sockfd, void *restrict buf, size_t len, size_t buflen,
				  int flags, struct sockaddr *restrict src_addr,
				  socklen_t *restrict addrlen);
typedef int epoll_pwait2_type(int epfd, struct epoll_event *events, int maxevents,
			      const struct timespec *timeout, const sigset_t *sigmask);

struct use_real {
#define USED(function)             __typeof__(&function) function;
#define USED_LIKE(function, other) __typeof__((__typeof__(other) *)0) function;
#include "use_names.h"
#undef USED
#undef USED_LIKE
};

extern struct use_real use_real;

/* Looks the functions up; one that the C library lacks is NULL. Calls the loader, and may call
 * malloc: for the constructor, and the thread that an attach starts. */
void use_real_resolve(void);

struct use_function {
	const char *name;
	const void *real; /* the place of the pointer in use_real */
	const void *wrapper;
};

/* In the order of strcmp(3). */
extern const struct use_function use_functions[];
extern const size_t use_function_count;
