// SPDX-License-Identifier: MIT
/*
 * Reads memory of the calling process that may not be mapped, or that another thread may be about
 * to unmap. All of this is async-signal-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies size bytes. Returns false if not all of them can be read or the kernel refuses
 * process_vm_readv(2); some may have been copied then. */
bool read_safely(void *to, const void *from, size_t size);

/* Copies a text with its NUL, page by page, because the page after its end may not be mapped.
 * Returns its length; size: it doesn't fit; -1: it can't be read. In these cases to has the part
 * that fits and could be read, with a NUL. size must not be 0. */
long read_text_safely(char *to, size_t size, const char *from);

/* The same as read_safely also where the kernel refuses that call, in a sandbox: there it looks
 * first whether the pages are mapped, and what another thread unmaps in between is a fault. */
bool read_mapped(void *to, const void *from, size_t size);

/* True if the word at address can be read. Makes one system call, without side effects:
 * rt_sigprocmask with an invalid how copies the set in before it checks how, and fails with EFAULT
 * or EINVAL. Unlike a write to a pipe it needs no descriptor, and hardly any seccomp filter forbids
 * rt_sigprocmask. */
bool address_readable(uintptr_t address);
