// SPDX-License-Identifier: MIT
/* See read_safely.h. */
#include "read_safely.h"

#include <string.h>
#include <sys/uio.h>

#include "raw_syscall.h"

enum { PAGE = 4096 }; /* the smallest page size; a larger page is only probed more often */

/* The number of bytes that were copied, or a negative errno. */
static long copy(void *to, const void *from, size_t size)
{
	struct iovec local = {.iov_base = to, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)from, .iov_len = size};
	long self = RAW(getpid);

	return RAW(process_vm_readv, self, &local, 1, &remote, 1, 0);
}

bool read_safely(void *to, const void *from, size_t size)
{
	return copy(to, from, size) == (long)size;
}

long read_text_safely(char *to, size_t size, const char *from)
{
	for (size_t length = 0; length < size;) {
		size_t piece = PAGE - (uintptr_t)(from + length) % PAGE;

		if (piece > size - length)
			piece = size - length;
		to[length] = '\0';
		if (!read_safely(to + length, from + length, piece)) {
			to[length] = '\0';
			return -1;
		}
		if (memchr(to + length, '\0', piece))
			return (long)strlen(to);
		length += piece;
	}
	to[size - 1] = '\0';
	return (long)size;
}

bool address_readable(uintptr_t address)
{
	long answer = RAW(rt_sigprocmask, -1, address, NULL, 8);

	if (answer == -EINVAL || answer == -EFAULT)
		return answer == -EINVAL;
	/* The program's own seccomp filter refuses it. */
	return read_safely(&(char){0}, (const void *)address, 1);
}

bool read_mapped(void *to, const void *from, size_t size)
{
	uintptr_t start = (uintptr_t)from, end = start + size;
	long copied = copy(to, from, size);

	if (copied >= 0 || copied == -EFAULT)
		return copied == (long)size;
	for (uintptr_t page = start & -(uintptr_t)PAGE; page < end; page += PAGE)
		if (!address_readable(page))
			return false;
	memcpy(to, from, size);
	return true;
}
