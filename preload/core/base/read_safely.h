// SPDX-License-Identifier: MIT
/*
 * Reads memory of the calling process that may not be mapped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Copies size bytes. Returns false if not all of them can be read or the kernel refuses
 * process_vm_readv(2); some may have been copied then. Async-signal-safe. */
bool read_safely(void *to, const void *from, size_t size);
