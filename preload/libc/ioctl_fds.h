// SPDX-License-Identifier: MIT
/*
 * Tells which requests of ioctl(2) make a descriptor, and where its number is then. For the hooks,
 * and for the ptrace engine. Async-signal-safe.
 */
#pragma once

#include <linux/ioctl.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"

enum { IOCTL_RETURNS_FD = -1 };

struct ioctl_fd {
	enum fd_kind kind;
	int offset; /* in what the third argument points to; or IOCTL_RETURNS_FD */
};

/* Whether the request makes a descriptor if it succeeds. The kernel ignores the upper half of the
 * program's argument. */
static inline bool ioctl_makes(uint32_t request, struct ioctl_fd *made)
{
	switch (request) {
#define RETURNS(name, request, kind)                                                               \
	case request:                                                                              \
		*made = (struct ioctl_fd){kind, IOCTL_RETURNS_FD};                                 \
		return true;
#define STORES(name, request, offset, kind)                                                        \
	case request:                                                                              \
		*made = (struct ioctl_fd){kind, offset};                                           \
		return true;
#include "ioctl_fds.list"
#undef RETURNS
#undef STORES
	}
	return false;
}
