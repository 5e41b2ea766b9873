// SPDX-License-Identifier: MIT
/*
 * Whether an executable file gives its process more rights than the user has who executes it:
 * execve(2), capabilities(7). The file need not be readable.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The capabilities that the file gives; inheritable ones give nothing that the process does not
 * have. */
uint64_t program_capabilities(const char *path);

/* What gives a process of that effective user and group more rights when it executes the file:
 * "set-user-ID", "set-group-ID" or "file capabilities". NULL: nothing does, or the file system is
 * mounted without (nosuid). */
const char *program_rights(const char *path, uid_t user, gid_t group);
