// SPDX-License-Identifier: MIT
/* Finds the descriptors that recvmsg(2) and recvmmsg(2) have received (unix(7), SCM_RIGHTS), by
 * reading the program's memory in x86_64's layout. */
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

/* Whether the struct msghdr at address has room for a descriptor: 1, 0, or -1 if it can't be
 * read. */
int received_has_room(struct remote_memory *memory, uintptr_t address);

/* Fills in the descriptors that have come with the struct msghdr at address, at most RECEIVED_MAX.
 * Returns their number. */
size_t received_message(struct remote_memory *memory, uintptr_t address, struct received *received);

/* The same for the first count messages of an array of struct mmsghdr. */
size_t received_messages(struct remote_memory *memory, uintptr_t address, size_t count,
			 struct received *received);
