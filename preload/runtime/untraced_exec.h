// SPDX-License-Identifier: MIT
/*
 * Programs that this one executes and that no preloaded library can see: Go programs, which make
 * their own system calls, and static ones, for which the loader does not run. No code of ours runs
 * in the static ones, so the message is printed here, before exec: once for each file in this
 * program and the processes that it forks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/roster.h"

/* Prepares the memory that forked processes share with us. For the constructor. */
void untraced_exec_start(void);

/* True for the first call with this key, in this program and the processes that it forks. */
bool untraced_exec_first(uint64_t key);

/* file is about to be executed; search: execvp(3) will look for it in PATH. Returns the reason why
 * fdtrail will see nothing of it, as far as the file shows. For a static program this prints a
 * message, unless `fdtrail run` is there, which lists all such programs at its end.
 * Async-signal-safe, also in a vfork child; keeps errno. */
enum roster_reason untraced_exec_before_exec(const char *file, bool search);

/* The same for posix_spawn(3), which is called in the program itself and not in a forked child. The
 * look takes a descriptor number for a moment, which other threads could notice; so if there are
 * other threads, this does not look. */
enum roster_reason untraced_exec_before_spawn(const char *file, bool search);

/* This program itself is a Go program. For the constructor. */
void untraced_exec_program(const char *name);
