// SPDX-License-Identifier: MIT
/* See process_memory.h. */
#include "process_memory.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/core/snapshot/proc.h"

size_t process_memory_read(pid_t pid, uintptr_t address, void *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		struct iovec to = {.iov_base = (char *)bytes + done, .iov_len = size - done};
		struct iovec from = {.iov_base = (void *)(address + done), .iov_len = size - done};
		ssize_t got = process_vm_readv(pid, &to, 1, &from, 1, 0);

		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

bool process_memory_write(pid_t pid, uintptr_t address, const void *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		struct iovec from = {.iov_base = (char *)bytes + done, .iov_len = size - done};
		struct iovec to = {.iov_base = (void *)(address + done), .iov_len = size - done};
		ssize_t put = process_vm_writev(pid, &from, 1, &to, 1, 0);

		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

bool process_memory_write_code(pid_t pid, uintptr_t address, const void *bytes, size_t size)
{
	char path[PROC_PATH_SIZE];
	int memory = open(proc_pid_path(path, pid, "mem"), O_RDWR | O_CLOEXEC);
	bool written = memory >= 0 && pwrite(memory, bytes, size, (off_t)address) == (ssize_t)size;

	if (memory >= 0)
		close(memory);
	return written;
}
