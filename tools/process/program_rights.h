// SPDX-License-Identifier: MIT
/*
 * Finds out whether an executable file gives its process more rights than the user who executes it
 * has: execve(2), capabilities(7). The file need not be readable.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* The permitted capabilities of the file. Its inheritable ones are left out, because they give
 * nothing that the process doesn't have. */
uint64_t program_capabilities(const char *path);

/* Names the reason why a process of that effective user and group gets more rights by executing the
 * file: "set-user-ID", "set-group-ID" or "file capabilities". NULL: it gets none, or the file
 * system is mounted with nosuid. */
const char *program_rights(const char *path, uid_t user, gid_t group);
