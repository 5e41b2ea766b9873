// SPDX-License-Identifier: MIT
/* What the hooks of connect(2) and of syscall(2) share. */
#pragma once

#include <stdbool.h>

/* Whether the kernel has read the address of a connect that returned result: it was made, is being
 * made, or failed on its way. With all other errors the address may be one that can't even be read.
 */
bool connect_has_address(long result);
