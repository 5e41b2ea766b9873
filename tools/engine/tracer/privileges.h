// SPDX-License-Identifier: MIT
/*
 * Programs with more rights than their user that a traced program executes: set-user-ID,
 * set-group-ID, file capabilities. If root traces, the kernel gives them their rights, and the
 * engine doesn't record them, as the preload doesn't. If another user traces, they get no rights,
 * because the filter on system calls needs no_new_privs(2const). That changes what the program
 * does, so the engine prints a line.
 */
#pragma once

#include "tracer.h"

/* Call this when the process has executed a file. Returns whether it must not be recorded. Prints
 * at most one line for each file. */
bool privileges_look(const struct tracer *tracer, const struct process *process);
