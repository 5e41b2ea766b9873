// SPDX-License-Identifier: MIT
/*
 * The seccomp(2) filters that the program has set up for itself. A filter may end the program for a
 * system call that it does not foresee, and ours are such: so we keep a copy of each filter, and
 * ask the copies before every raw system call of ours (raw_syscall.h). What would end the program,
 * or raise SIGSYS in it, is not called: it answers ENOSYS, and whoever called does without, as on
 * an old kernel.
 *
 * What is not known: filters from before exec (a container's, a service manager's), those set up by
 * inline assembly, and which threads a filter is for: each is taken to be for all. See prctl.c for
 * the hooks, and runtime/sandbox.h for what is done when a filter comes.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_fprog;

/* Whether there is a filter: all that a raw system call reads in a program without one. */
extern _Atomic bool seccomp_present;

/* Whether a call with these arguments would end the thread or the process, or raise SIGSYS. This
 * and all that follows is async-signal-safe. */
bool seccomp_forbids(long number, long a, long b, long c, long d, long e, long f);

/* Whether it would be answered with an error or worse, by filters that are kept and not used yet,
 * too. */
bool seccomp_will_refuse(long number, long a, long b, long c, long d, long e, long f);

enum { SECCOMP_NOT_KEPT = -1 };

/* Keeps a copy of a filter that the program is about to set up, or of SECCOMP_MODE_STRICT (NULL),
 * in which read, write, _exit and rt_sigreturn are left. SECCOMP_NOT_KEPT: it can't be read, or is
 * too large, and the kernel will refuse it, too. */
long seccomp_keep(const struct sock_fprog *program);

/* From now on what was kept counts: before the kernel is asked, so that no call of ours comes
 * between. */
void seccomp_use(long kept);

/* The kernel has refused it. */
void seccomp_forget(long kept);
