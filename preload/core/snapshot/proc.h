// SPDX-License-Identifier: MIT
/*
 * What the kernel tells about descriptors and threads through /proc and statx(2). Nothing here may
 * wait for a file server: attributes are asked for with AT_STATX_DONT_SYNC, so a dead NFS server
 * does not hold the traced program. Everything works, with less to say, where /proc is not mounted.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROC_PATH_SIZE = 40, PROC_SELF = 0 };

/* The part of statx(2)'s answer that snapshots use. */
struct proc_stat {
	uint32_t mode; /* 0: not known; the type bits of anonymous inodes are 0 */
	uint32_t links;
	uint64_t inode;
	uint64_t size;
	uint32_t rdev_major, rdev_minor;
	uint32_t dev_major, dev_minor; /* of the file system */
};

/* False, and stat all zero, when fd is not open or the kernel refuses. */
bool proc_stat_fd(int fd, struct proc_stat *stat);
/* The same for what a path leads to. */
bool proc_stat_path(const char *path, struct proc_stat *stat);

/* Writes "/proc/<pid>/fd/<fd>" to path, of PROC_PATH_SIZE bytes; returns path. pid PROC_SELF: the
 * calling process. */
char *proc_fd_path(char *path, int pid, int fd);
/* The same for "/proc/<pid>/fdinfo/<fd>" and for "/proc/<pid>/<name>" with a short name. */
char *proc_fdinfo_path(char *path, int pid, int fd);
char *proc_pid_path(char *path, int pid, const char *name);
/* "/proc/<pid>/task/<thread>/<name>" */
char *proc_task_path(char *path, int pid, uint32_t thread, const char *name);

/* Whether processes have the numbers in /proc that the calling process knows them by. In a PID
 * namespace without a /proc of its own (pid_namespaces(7)) they have others. */
bool proc_has_our_numbers(void);

/* Reads what fd refers to: a path, or a word such as "anon_inode:[eventpoll]". Not terminated.
 * Returns its length, or the negative errno for which it is not known. */
long proc_fd_link(int pid, int fd, char *link, size_t size);

/* Whether fd is open in process pid: 1, 0, or -1 where /proc does not tell. The kernel keeps others
 * out of /proc/PID/fd of a process that has changed its user (PR_SET_DUMPABLE in prctl(2)), and
 * with the mount option hidepid there is no /proc/PID at all (proc(5)). */
int proc_fd_open(int pid, int fd);

/* Reads a file of /proc whole; returns the length, at most size - 1, and terminates it with a zero
 * byte. 0 when it can't be read. */
size_t proc_read(const char *path, char *text, size_t size);

enum proc_reading { PROC_UNREADABLE, PROC_CUT, PROC_WHOLE };

/* Calls line for each line of a file of /proc, without its newline, up to about limit bytes
 * (PROC_CUT: there was more); lines above 4000 bytes are left out. */
enum proc_reading proc_each_line(const char *path, size_t limit,
				 void (*line)(const char *line, size_t length, void *data),
				 void *data);

/* When line begins with key, the number behind it (blanks skipped, base 10 or 16; digits only). */
bool proc_field(const char *line, size_t length, const char *key, unsigned int base,
		uint64_t *value);
