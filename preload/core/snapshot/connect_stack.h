// SPDX-License-Identifier: MIT
/*
 * The stacks that connected the sockets of a group. The code that opens a socket is often a
 * library's, the same for all sockets, so the stack of connect can tell more. It is shown if it
 * differs from the opening stack.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "group.h"

/* Adds the frames of all the group's connect stacks to frames. */
void connect_stack_add(struct frames *frames, const struct group *group,
		       const struct ledger *ledger);

struct connect_stack {
	struct stack_view view; /* the stack that connected most of them */
	size_t count;           /* number of sockets that it connected */
	size_t more;            /* number of other connect stacks in the group */
};

/* Chooses the connect stack to show. False: there is none. */
bool connect_stack_choose(struct connect_stack *chosen, const struct frames *frames,
			  const struct group *group, const struct ledger *ledger);
