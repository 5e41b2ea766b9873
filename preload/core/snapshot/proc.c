// SPDX-License-Identifier: MIT
/* See proc.h. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "preload/core/base/raw_syscall.h"

static char *append(char *at, const char *string)
{
	size_t length = strlen(string);

	memcpy(at, string, length + 1);
	return at + length;
}

static char *append_number(char *at, uint64_t value)
{
	char digits[24];
	size_t first = sizeof(digits) - 1;

	digits[first] = '\0';
	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return append(at, digits + first);
}

static bool stat_at(int fd, const char *path, int flags, struct proc_stat *stat)
{
	struct statx answer;

	memset(stat, 0, sizeof(*stat));
	memset(&answer, 0, sizeof(answer));
	if (RAW(statx, fd, path, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &answer) == 0) {
		*stat = (struct proc_stat){
			.mode = answer.stx_mode,
			.links = answer.stx_nlink,
			.inode = answer.stx_ino,
			.size = answer.stx_size,
			.rdev_major = answer.stx_rdev_major,
			.rdev_minor = answer.stx_rdev_minor,
			.dev_major = answer.stx_dev_major,
			.dev_minor = answer.stx_dev_minor,
		};
		return true;
	}

	/* For kernels before 4.11, and sandboxes that don't know statx. */
	struct stat old;
	memset(&old, 0, sizeof(old));
	if (RAW(newfstatat, fd, path, &old, flags) != 0)
		return false;
	*stat = (struct proc_stat){
		.mode = old.st_mode,
		.links = (uint32_t)old.st_nlink,
		.inode = old.st_ino,
		.size = (uint64_t)old.st_size,
		.rdev_major = major(old.st_rdev),
		.rdev_minor = minor(old.st_rdev),
		.dev_major = major(old.st_dev),
		.dev_minor = minor(old.st_dev),
	};
	return true;
}

bool proc_stat_fd(int fd, struct proc_stat *stat)
{
	return stat_at(fd, "", AT_EMPTY_PATH, stat);
}

bool proc_stat_path(const char *path, struct proc_stat *stat)
{
	return stat_at(AT_FDCWD, path, 0, stat);
}

static char *append_process(char *at, int pid)
{
	at = append(at, "/proc/");
	return pid == PROC_SELF ? append(at, "self") : append_number(at, (uint64_t)pid);
}

char *proc_fd_path(char *path, int pid, int fd)
{
	append_number(append(append_process(path, pid), "/fd/"), (uint64_t)fd);
	return path;
}

char *proc_fdinfo_path(char *path, int pid, int fd)
{
	append_number(append(append_process(path, pid), "/fdinfo/"), (uint64_t)fd);
	return path;
}

char *proc_pid_path(char *path, int pid, const char *name)
{
	append(append(append_process(path, pid), "/"), name);
	return path;
}

char *proc_task_path(char *path, int pid, uint32_t thread, const char *name)
{
	char *at = append_number(append(append_process(path, pid), "/task/"), thread);

	append(append(at, "/"), name);
	return path;
}

bool proc_has_our_numbers(void)
{
	char link[24];
	long length = RAW(readlinkat, AT_FDCWD, "/proc/self", link, sizeof(link));
	uint64_t pid;

	return length > 0 && proc_field(link, (size_t)length, "", 10, &pid) &&
	       pid == (uint64_t)RAW(getpid);
}

long proc_fd_link(int pid, int fd, char *link, size_t size)
{
	char path[PROC_PATH_SIZE];

	return RAW(readlinkat, AT_FDCWD, proc_fd_path(path, pid, fd), link, size);
}

int proc_fd_open(int pid, int fd)
{
	char path[PROC_PATH_SIZE], link[8];
	struct stat status;
	long found = proc_fd_link(pid, fd, link, sizeof(link));

	/* The link may be unreadable (too long, or refused) although it can be seen to exist. */
	if (found < 0 && found != -ENOENT)
		found = RAW(newfstatat, AT_FDCWD, proc_fd_path(path, pid, fd), &status,
			    AT_SYMLINK_NOFOLLOW);
	if (found >= 0)
		return 1;
	/* Either the number isn't open, or the folder isn't visible. */
	if (found == -ENOENT &&
	    RAW(newfstatat, AT_FDCWD, proc_pid_path(path, pid, "fd"), &status, 0) == 0)
		return 0;
	return -1;
}

size_t proc_read(const char *path, char *text, size_t size)
{
	size_t length = 0;
	long fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	text[0] = '\0';
	if (fd < 0)
		return 0;
	while (length < size - 1) {
		long got = RAW(read, fd, text + length, size - 1 - length);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
	}
	text[length] = '\0';
	RAW(close, fd);
	return length;
}

enum proc_reading proc_each_line(const char *path, size_t limit,
				 void (*line)(const char *line, size_t length, void *data),
				 void *data)
{
	char text[4096];
	size_t held = 0, total = 0;
	bool skipping = false;
	long got = 0, fd = RAW(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);

	if (fd < 0)
		return PROC_UNREADABLE;
	while (total < limit) {
		got = RAW(read, fd, text + held, sizeof(text) - held);
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		total += (size_t)got;
		held += (size_t)got;

		char *at = text, *end = text + held, *newline;
		while (at < end && (newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
			if (!skipping)
				line(at, (size_t)(newline - at), data);
			skipping = false;
			at = newline + 1;
		}
		held = (size_t)(end - at);
		if (held == sizeof(text)) {
			skipping = true;
			held = 0;
		}
		memmove(text, at, held);
	}
	RAW(close, fd);
	return got == 0 ? PROC_WHOLE : PROC_CUT;
}

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a' + 10);
	return 99;
}

bool proc_field(const char *line, size_t length, const char *key, unsigned int base,
		uint64_t *value)
{
	size_t at = strlen(key);
	uint64_t number = 0;

	if (length < at || memcmp(line, key, at) != 0)
		return false;
	while (at < length && (line[at] == ' ' || line[at] == '\t'))
		at++;

	size_t first = at;
	for (; at < length && digit_of(line[at]) < base; at++)
		number = number * base + digit_of(line[at]);
	*value = number;
	return at > first;
}
