// SPDX-License-Identifier: MIT
/*
 * Reads the kernel's facts about descriptors and threads, from /proc and statx(2). Nothing here
 * waits for a file server: attributes are read with AT_STATX_DONT_SYNC, so a dead NFS server
 * doesn't hold the traced program up. Without /proc everything works, but finds less. All functions
 * are async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROC_PATH_SIZE = 40, PROC_SELF = 0 };

/* The fields of statx(2) that snapshots use. */
struct proc_stat {
	uint32_t mode; /* 0: not known; the type bits of anonymous inodes are 0 */
	uint32_t links;
	uint64_t inode;
	uint64_t size;
	uint32_t rdev_major, rdev_minor;
	uint32_t dev_major, dev_minor; /* of the file system */
};

/* Fills in stat. False, with stat all zero: fd isn't open, or the kernel refuses. */
bool proc_stat_fd(int fd, struct proc_stat *stat);
/* The same for the file that path leads to. */
bool proc_stat_path(const char *path, struct proc_stat *stat);

/* Whether both are of the same inode. */
static inline bool proc_stat_same(const struct proc_stat *a, const struct proc_stat *b)
{
	return a->inode == b->inode && a->dev_major == b->dev_major && a->dev_minor == b->dev_minor;
}

/* Writes "/proc/<pid>/fd/<fd>" to path, of PROC_PATH_SIZE bytes; returns path. pid PROC_SELF: the
 * calling process. */
char *proc_fd_path(char *path, int pid, int fd);
/* The same for "/proc/<pid>/fdinfo/<fd>", and for "/proc/<pid>/<name>" with a short name. */
char *proc_fdinfo_path(char *path, int pid, int fd);
char *proc_pid_path(char *path, int pid, const char *name);
/* The same for "/proc/<pid>/task/<thread>/<name>". */
char *proc_task_path(char *path, int pid, uint32_t thread, const char *name);

/* Whether the process ids in /proc are those that the calling process uses. In a PID namespace
 * without a /proc of its own (pid_namespaces(7)) they differ. */
bool proc_has_our_numbers(void);

/* Reads the link of fd: a path, or a word such as "anon_inode:[eventpoll]". It has no NUL at its
 * end. Returns its length, or a negative errno. */
long proc_fd_link(int pid, int fd, char *link, size_t size);

/* Returns 1 if fd is open in process pid, 0 if not, -1 if /proc doesn't tell: the kernel forbids
 * access to /proc/PID/fd of a process that has changed its user (PR_SET_DUMPABLE in prctl(2)), and
 * with the mount option hidepid there is no /proc/PID at all (proc(5)). */
int proc_fd_open(int pid, int fd);

/* Reads a file of /proc, at most size - 1 bytes, and ends it with a NUL. Returns the length; 0 if
 * the file can't be read. */
size_t proc_read(const char *path, char *text, size_t size);

enum proc_reading { PROC_UNREADABLE, PROC_CUT, PROC_WHOLE };

/* Calls line for each line of a file of /proc, without its newline, up to about limit bytes
 * (PROC_CUT: there was more). Lines longer than 4000 bytes are left out. */
enum proc_reading proc_each_line(const char *path, size_t limit,
				 void (*line)(const char *line, size_t length, void *data),
				 void *data);

/* If line begins with key and a number follows (after blanks, base 10 or 16), stores the number and
 * returns true. */
bool proc_field(const char *line, size_t length, const char *key, unsigned int base,
		uint64_t *value);
