// SPDX-License-Identifier: MIT
/*
 * Finds out whether the seccomp(2) filters of a stopped thread would end it, or raise SIGSYS in it,
 * for a system call that fdtrail makes in its process. A filter that only lets calls fail is
 * harmless.
 */
#pragma once

/* 0: no filter would; *call is then NULL. 1: one would, for the call whose name this stores. A
 * negative errno: the filters can't be read, which only root may (ptrace(2),
 * PTRACE_SECCOMP_GET_FILTER). We must trace the thread, which must be stopped. */
int seccomp_check(int tid, const char **call);
