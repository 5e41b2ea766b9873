// SPDX-License-Identifier: MIT
/* `fdtrail top --plain`: a table for each look, one after the other, without a terminal. */
#pragma once

#include "top_arguments.h"
#include "top_watch.h"

/* Looks at the processes again and again, until --count is reached or all of them have ended.
 * Returns the exit status. */
int top_plain(struct top_watch *watch, const struct top_arguments *asked);
