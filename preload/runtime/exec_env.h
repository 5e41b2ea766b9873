// SPDX-License-Identifier: MIT
/*
 * Passes the opening stacks of inherited descriptors to a program that is executed, in a variable
 * of its environment. The tracer in the new program takes the variable out before the program's own
 * code runs, so neither that nor what it executes sees it; /proc/PID/environ does.
 *
 * A variable, because it needs no descriptor, no file and no permission, vanishes with the program,
 * and comes through chroot, namespaces and sandboxes. It is only added if there is a stack to pass
 * on, and if the tracer will probably start in the new program. In a vfork child it isn't added:
 * what that has open is known only to itself, and its memory is the parent's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/core/base/roster.h"

#define EXEC_ENV_NAME "FDTRAIL_PASSED_STACKS"

/* From exec_env_before to exec_env_after. */
struct exec_env {
	char *const *variables; /* what to execute the program with */
	void *memory;           /* NULL: these are the caller's */
	size_t size;
};

/* Before a program is executed with the environment envp, which need not be readable. reason: why
 * the tracer won't see the new program, as far as its file tells. Async-signal-safe, also in a
 * vfork child; both keep errno. */
struct exec_env exec_env_before(char *const envp[], enum roster_reason reason);

/* After exec has failed, or the new process was started. */
void exec_env_after(const struct exec_env *environment);

/* Whether an exec with this environment, which has failed with errno, has to be tried again with
 * the program's own: ours was too large. */
bool exec_env_too_large(const struct exec_env *environment);

/* Takes the variable out of environ. Returns its value, or NULL. For the start. */
const char *exec_env_take(char **environ);
