// SPDX-License-Identifier: MIT
/*
 * Reads memory of our own that may not be there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Copies size bytes; false, with some of them perhaps copied: not all of them can be read, or the
 * kernel refuses process_vm_readv(2). Async-signal-safe. */
bool read_safely(void *to, const void *from, size_t size);
