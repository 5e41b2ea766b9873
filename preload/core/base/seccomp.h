// SPDX-License-Identifier: MIT
/*
 * The seccomp(2) filters that the program has set up for itself. A filter may kill the program for
 * a system call that its author didn't foresee, and fdtrail makes such calls. So fdtrail keeps a
 * copy of each filter, and runs the copies before each of its raw system calls (raw_syscall.h). If
 * the call would kill the program or raise SIGSYS in it, fdtrail doesn't make it: the call fails
 * with ENOSYS, and its caller does without, as on an old kernel.
 *
 * Filters from before exec (a container's, a service manager's) and those set up by inline assembly
 * are not known. Nor is it known which threads a filter is for: each is taken to be for all. See
 * prctl.c for the hooks, and runtime/sandbox.h for what happens when the program sets up a filter.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_fprog;

/* Whether there is a filter. In a program without one, a raw system call reads nothing else. */
extern _Atomic bool seccomp_present;

/* Whether a call with these arguments would kill the thread or the process, or raise SIGSYS. This
 * and all functions below are async-signal-safe. */
bool seccomp_forbids(long number, long a, long b, long c, long d, long e, long f);

/* Whether the call would fail or worse, also by filters that are kept and not used yet. */
bool seccomp_will_refuse(long number, long a, long b, long c, long d, long e, long f);

enum { SECCOMP_NOT_KEPT = -1 };

/* Keeps a copy of a filter that the program is about to set up. NULL stands for
 * SECCOMP_MODE_STRICT, which allows only read, write, _exit and rt_sigreturn. Returns the copy's
 * number for the two functions below; SECCOMP_NOT_KEPT if the filter can't be read or is too large,
 * which the kernel refuses, too. */
long seccomp_keep(const struct sock_fprog *program);

/* Makes the copy count from now on. To be called before the kernel gets the filter, so that no call
 * of fdtrail's comes between. */
void seccomp_use(long kept);

/* Drops the copy: the kernel has refused the filter. */
void seccomp_forget(long kept);
