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

/* 1: it can be, or the write says what is wrong; 0: timeout is over; or a negative errno, -EINTR
 * among them. Async-signal-safe. */
static inline long wait_writable(int fd, const struct timespec *timeout)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	struct timespec left = *timeout; /* which the kernel changes */
	long answer = RAW(ppoll, &ready, 1, &left, NULL, 8);

	/* poll(2): EINVAL where RLIMIT_NOFILE has been lowered below the one that is asked about.
	 */
	if (answer == -EINVAL && fd < FD_SETSIZE) {
		fd_set set;

		FD_ZERO(&set);
		FD_SET(fd, &set);
		answer = RAW(pselect6, fd + 1, NULL, &set, NULL, &left, NULL);
	}
	return answer > 0 ? 1 : answer;
}
