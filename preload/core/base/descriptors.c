// SPDX-License-Identifier: MIT
/* See descriptors.h. */
#include "descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "raw_syscall.h"

enum { PROBED_MAX = 65536 };

/* An entry as getdents64(2) writes it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static int number(const char *name)
{
	int result = 0;

	for (; *name; name++) {
		if (*name < '0' || *name > '9')
			return -1;
		result = result * 10 + (*name - '0');
	}
	return result;
}

static int meaning(long answer)
{
	return answer >= 0 ? 1 : answer == -EBADF ? 0 : -1;
}

int descriptor_open(int fd)
{
	struct stat status;
	struct statx more;
	int open = meaning(RAW(fcntl, fd, F_GETFD, 0));

	/* If the program's seccomp filter refuses one call, another may pass. */
	if (open < 0)
		open = meaning(RAW(newfstatat, fd, "", &status, AT_EMPTY_PATH));
	if (open < 0)
		open = meaning(RAW(statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &more));
	return open;
}

static void probe(void (*each)(int fd, void *data), void *data)
{
	/* RLIMIT_NOFILE is no bound, because it holds for new numbers only: higher ones may be
	 * open. */
	for (int fd = 0; fd < PROBED_MAX; fd++)
		if (descriptor_open(fd) > 0)
			each(fd, data);
}

/* Leaves out the number skipped. */
static int read_folder(int dir, int skipped, void (*each)(int fd, void *data), void *data)
{
	char buffer[2048] __attribute__((aligned(8)));
	long got;

	while ((got = RAW(getdents64, dir, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < got;) {
			const struct entry *entry = (const void *)(buffer + at);
			int fd = number(entry->name);

			if (fd >= 0 && fd != skipped)
				each(fd, data);
			at += entry->length;
		}
	return (int)got;
}

int descriptors_in(int dir, void (*each)(int fd, void *data), void *data)
{
	return read_folder(dir, -1, each, data);
}

void descriptors_each(void (*each)(int fd, void *data), void *data)
{
	long dir = RAW(openat, AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0) {
		probe(each, data);
		return;
	}
	int failed = read_folder((int)dir, (int)dir, each, data);
	RAW(close, dir);
	if (failed < 0)
		probe(each, data);
}
