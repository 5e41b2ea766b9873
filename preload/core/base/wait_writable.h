// SPDX-License-Identifier: MIT
/*
 * Waits until a descriptor can be written to.
 */
#pragma once

#include <errno.h>
#include <poll.h>
#include <sys/select.h>
#include <time.h>

#include "raw_syscall.h"

/* Returns 1 if fd can be written to, or a write would fail at once; 0 after the timeout; or a
 * negative errno, which may be -EINTR. Async-signal-safe. */
static inline long wait_writable(int fd, const struct timespec *timeout)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	struct timespec left = *timeout; /* the kernel changes it */
	long answer = RAW(ppoll, &ready, 1, &left, NULL, 8);

	/* poll(2): EINVAL if RLIMIT_NOFILE is 0, because it is lower than the number of entries. */
	if (answer == -EINVAL && fd < FD_SETSIZE) {
		fd_set set;

		FD_ZERO(&set);
		FD_SET(fd, &set);
		answer = RAW(pselect6, fd + 1, NULL, &set, NULL, &left, NULL);
	}
	return answer > 0 ? 1 : answer;
}
