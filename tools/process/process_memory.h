// SPDX-License-Identifier: MIT
/* Reads the memory of another process, which may be running. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copies size bytes at address in process pid to bytes, up to the first page that can't be read, by
 * process_vm_readv(2). Returns the number of bytes copied. */
size_t process_memory_read(pid_t pid, uintptr_t address, void *bytes, size_t size);
