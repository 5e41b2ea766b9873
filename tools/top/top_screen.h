// SPDX-License-Identifier: MIT
/* `fdtrail top` on a terminal, by ncurses(3): the table, a group's stack, keys. */
#pragma once

#include "top_arguments.h"
#include "top_watch.h"

/* Looks at the processes until the user ends it. A signal that ends it restores the terminal first.
 * Returns the exit status. */
int top_screen(struct top_watch *watch, const struct top_arguments *asked);
