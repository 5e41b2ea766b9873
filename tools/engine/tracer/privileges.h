// SPDX-License-Identifier: MIT
/*
 * Programs with more rights than their user, which a traced program executes: set-user-ID,
 * set-group-ID, file capabilities. Where the kernel gives them their rights, because root traces,
 * they are left alone, as the preload leaves them. It gives none to what another user traces: the
 * filter on system calls needs no_new_privs(2const). That changes what the program does, so one
 * line says it.
 */
#pragma once

#include "tracer.h"

/* The process has executed something. Returns whether it is to be left alone. One line for each
 * file. */
bool privileges_look(const struct tracer *tracer, const struct process *process);
