// SPDX-License-Identifier: MIT
/*
 * The C library in another process: the addresses of its functions, and which function an address
 * lies in. Read from the process' memory, because its file may be in another mount namespace, or
 * replaced by an upgrade.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/process/mappings.h"

struct libc_function {
	uint64_t start; /* first: starts_until */
	size_t size;
	const char *name;
};

struct libc_symbols {
	uintptr_t start, end; /* of its code */
	uintptr_t syscall;    /* address of a system call instruction that a return follows */
	uintptr_t restorer;   /* address of code that calls rt_sigreturn(2) */
	struct libc_function *functions; /* in the order of start */
	size_t count;
	char *names;
};

/* Reads the glibc that process pid has loaded. 0, or a negative errno: -ENOENT it has none. Finish
 * accepts an empty one. */
int libc_symbols_read(struct libc_symbols *symbols, int pid);
void libc_symbols_finish(struct libc_symbols *symbols);

/* Whether these mappings, of the same process, still have that C library: it has not executed
 * another program since. */
bool libc_symbols_fit(const struct libc_symbols *symbols, const struct mappings *mappings);

/* The address of an exported function, or 0. */
uintptr_t libc_symbols_address(const struct libc_symbols *symbols, const char *name);

/* The name of the exported function that this address lies in; NULL: in none. */
const char *libc_symbols_name(const struct libc_symbols *symbols, uintptr_t address);
