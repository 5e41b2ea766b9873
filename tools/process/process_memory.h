// SPDX-License-Identifier: MIT
/* The memory of another process, which runs meanwhile or is stopped. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copies size bytes that lie at address in process pid, up to the first page that can't be read:
 * process_vm_readv(2). Returns how many. */
size_t process_memory_read(pid_t pid, uintptr_t address, void *bytes, size_t size);
