// SPDX-License-Identifier: MIT
/*
 * What /proc tells about a traced process and the program in it. Used by tracer.c when a process
 * has executed, and where an event was not told.
 */
#pragma once

#include "tracer.h"

/* Fills in all of process that follows from the program it runs now: names, whether it is to be
 * recorded, the start of its time, whether it is a Go program. */
void exec_image_look(const struct tracer *tracer, struct process *process);

/* The number in that column (the first is 0) behind name in /proc/PID/status, or 0. */
unsigned long long exec_image_status(int pid, const char *name, unsigned int column, int base);

/* The command name of the process (/proc/PID/comm), which anybody may read. */
void exec_image_command(int pid, char *name, size_t size);

/* What the process of this thread does with the signal: SIG_DFL, SIG_IGN, or any other value for a
 * handler. */
uintptr_t exec_image_handler(int tid, int signal);

/* Whether the task is a thread of that process. */
bool exec_image_is_thread(int tid, int pid);

/* Whether a new task's parent is among the tracees, so that an event will tell of it. */
bool exec_image_has_parent(struct tracees *tracees, int tid);
