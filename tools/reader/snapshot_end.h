// SPDX-License-Identifier: MIT
/* Whether a snapshot is the last one of its process. */
#pragma once

#include <stdbool.h>

/* Whether this reason for a snapshot, its `why:`, is the program's end. Looks no further than the
 * end of the line. */
bool snapshot_is_last(const char *why);
