// SPDX-License-Identifier: MIT
/* Reads and writes the memory of another process, which may be running. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Copies size bytes at address in process pid to bytes, up to the first page that can't be read, by
 * process_vm_readv(2). Returns the number of bytes copied. */
size_t process_memory_read(pid_t pid, uintptr_t address, void *bytes, size_t size);

/* Copies size bytes to address in process pid, whose pages there must be writable. False: not
 * all of them. */
bool process_memory_write(pid_t pid, uintptr_t address, const void *bytes, size_t size);

/* The same to pages that aren't writable, such as code: the kernel lets a tracer write to private
 * mappings (proc_pid_mem(5)). */
bool process_memory_write_code(pid_t pid, uintptr_t address, const void *bytes, size_t size);
