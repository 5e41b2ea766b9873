// SPDX-License-Identifier: MIT
/*
 * Definitions that the system's headers may be too old for: Linux's numbers for x86_64
 * (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/socket.h). Include it after the
 * headers that may have them.
 */
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#define SO_PEERPIDFD 77
#endif
