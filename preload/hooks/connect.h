// SPDX-License-Identifier: MIT
/* Shared by the hooks of connect(2) and of syscall(2). */
#pragma once

#include <stdbool.h>

/* True if the kernel has read the address of the connect(2) that returned result (and errno): the
 * connection is made, is being made, or failed on the way. After all other errors the address may
 * not even be readable. Async-signal-safe. */
bool connect_has_address(long result);
