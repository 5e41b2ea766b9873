// SPDX-License-Identifier: MIT
/*
 * See calls_i386.h. A file of its own because the kernel's header for i386 gives the same names to
 * other numbers. <bits/syscall.h> makes SYS_open of __NR_open and so on, whichever header those
 * came from.
 */
#include <asm/unistd_32.h>
#define _SYSCALL_H
#include <bits/syscall.h>

#include "preload/core/base/syscall_numbers.h"
#include "calls_i386.h"

#ifndef SYS_accept
#define SYS_accept (-1) /* only through socketcall */
#endif

const struct call_i386 calls_i386[] = {
#define CALL(name, way, kind) {#name, SYS_##name},
#include "calls.list"
#undef CALL
	/* Two more names for the same things. */
	{"fcntl", __NR_fcntl64},
	{"recvmsg", __NR_socketcall},
	{"mmap", __NR_mmap2},
};

const size_t calls_i386_count = sizeof(calls_i386) / sizeof(*calls_i386);
