// SPDX-License-Identifier: MIT
/*
 * Where the sockets of a group were connected. The code that opens a socket is often a library's,
 * the same for all; the stack of connect can tell more. It is shown when it says something that the
 * opening stack does not.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame.h"
#include "group.h"

/* Notes the frames of all the group's connect stacks. */
void connect_stack_add(struct frames *frames, const struct group *group,
		       const struct ledger *ledger);

struct connect_stack {
	struct stack_view view; /* of the stack that most of them were connected at */
	size_t count;           /* how many were */
	size_t more;            /* how many other connect stacks the group has */
};

/* False: there is none to show. */
bool connect_stack_choose(struct connect_stack *chosen, const struct frames *frames,
			  const struct group *group, const struct ledger *ledger);
