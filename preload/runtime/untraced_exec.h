// SPDX-License-Identifier: MIT
/*
 * Programs that this one executes and that no preloaded library can see: Go programs, which make
 * their own system calls, and static ones, which the loader never gives to us. Nothing of ours runs
 * in the static ones, so they are told of here, before exec: once for each in this program and what
 * it forks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/roster.h"

/* Prepares the memory that forked processes share with us. From the constructor. */
void untraced_exec_start(void);

/* True for the first who asks with this key, of this program and what it forks. */
bool untraced_exec_first(uint64_t key);

/* file is about to be executed; search: execvp(3) will look for it in PATH. Returns why the tracer
 * will see nothing of it, as far as the file tells. Without `fdtrail run`, which tells of all such
 * programs at its end, a static one is told of here. Async-signal-safe, also in a vfork child;
 * keeps errno. */
enum roster_reason untraced_exec_before_exec(const char *file, bool search);

/* The same for posix_spawn(3), which is called in the program itself and not in a forked child. To
 * look takes a descriptor number for the moment, which other threads could miss: where there are
 * any, nothing is looked at. */
enum roster_reason untraced_exec_before_spawn(const char *file, bool search);

/* This program itself is one of Go's. From the constructor. */
void untraced_exec_program(const char *name);
