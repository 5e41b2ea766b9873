// SPDX-License-Identifier: MIT
#pragma once

/* Loads libunwind for walks of other processes' stacks: the system's, or the one that lies beside
 * libfdtrail.so (unwinder_library.h). Not thread-safe. */
void engine_load_unwinder(void);
