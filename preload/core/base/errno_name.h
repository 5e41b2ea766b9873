// SPDX-License-Identifier: MIT
/* The names of errors, for messages: strerror(3) allocates and translates. */
#pragma once

/* "ESRCH" for ESRCH; "an unknown error" for a number that errno(3) has no name for. Never NULL.
 * Async-signal-safe. */
const char *errno_name(int error);
