// SPDX-License-Identifier: MIT
/*
 * A program that confines itself by seccomp(2): what is said and done before its filter is in
 * force. From then on the filter answers for each system call of ours
 * (preload/core/base/seccomp.h); what has to be said, and the signals that could no longer be
 * handled, come before that. Called by hooks/prctl.c and hooks/syscall.c.
 */
#pragma once

#include <stdbool.h>

struct sock_fprog;

/* The program is about to set up a filter, or SECCOMP_MODE_STRICT (and no filter): takes it into
 * account, says on stderr what snapshots will lack, and gives up handlers that could not return or
 * do their work. Returns what sandbox_after takes. */
long sandbox_before(const struct sock_fprog *program, bool strict);

/* Whether the kernel has taken it. */
void sandbox_after(long kept, bool taken);
