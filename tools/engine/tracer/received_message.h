// SPDX-License-Identifier: MIT
/* The descriptors that recvmsg(2) and recvmmsg(2) have brought (unix(7), SCM_RIGHTS), read from the
 * program's memory. Of x86_64's layout. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "preload/core/ledger/ledger.h"
#include "tools/engine/walk/remote_memory.h"

enum { RECEIVED_MAX = 1024 };

struct received {
	int fd;
	enum fd_kind kind;
};

/* Whether the struct msghdr at address has room for descriptors at all: 1, 0, or -1 when it can't
 * be read. */
int received_has_room(struct remote_memory *memory, uintptr_t address);

/* Fills in what has come with the struct msghdr at address, at most RECEIVED_MAX; returns how many.
 */
size_t received_message(struct remote_memory *memory, uintptr_t address, struct received *received);

/* The same for the first count of an array of struct mmsghdr. */
size_t received_messages(struct remote_memory *memory, uintptr_t address, size_t count,
			 struct received *received);
