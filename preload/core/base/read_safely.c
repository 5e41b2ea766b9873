// SPDX-License-Identifier: MIT
/* See read_safely.h. */
#include "read_safely.h"

#include <sys/uio.h>

#include "raw_syscall.h"

bool read_safely(void *to, const void *from, size_t size)
{
	struct iovec local = {.iov_base = to, .iov_len = size};
	struct iovec remote = {.iov_base = (void *)from, .iov_len = size};
	long self = RAW(getpid);

	return RAW(process_vm_readv, self, &local, 1, &remote, 1, 0) == (long)size;
}
