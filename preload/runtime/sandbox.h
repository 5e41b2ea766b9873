// SPDX-License-Identifier: MIT
/*
 * Called when the program sets up a seccomp(2) filter, which then judges our system calls, too
 * (preload/core/base/seccomp.h). So before the filter is in force, fdtrail prints what snapshots
 * will lack, and gives back the signals that it could no longer handle. The callers are
 * hooks/prctl.c and hooks/syscall.c.
 */
#pragma once

#include <stdbool.h>

struct sock_fprog;

/* The program is about to set up the filter program, or, with strict, SECCOMP_MODE_STRICT. Keeps a
 * copy of the filter, which raw system calls obey from now on; prints on stderr what snapshots will
 * lack; and gives signals back if our handlers could not return or not do their work. Returns a
 * number for sandbox_after. */
long sandbox_before(const struct sock_fprog *program, bool strict);

/* After the real call. kept: from sandbox_before; taken: the kernel has accepted the filter. If it
 * hasn't, the copy is dropped. */
void sandbox_after(long kept, bool taken);
