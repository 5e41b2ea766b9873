// SPDX-License-Identifier: MIT
/*
 * Reads from /proc which program a traced process runs, and facts about the process. Used by
 * tracer.c when a process has executed, or when it missed an event.
 */
#pragma once

#include "tracer.h"

/* Fills in all fields of process that depend on the program it runs now: names, whether to record
 * it, its start time, whether it is a Go program. */
void exec_image_look(const struct tracer *tracer, struct process *process);

/* Returns the number in that column (the first is 0) of the line name in /proc/PID/status (base 10
 * or 16). 0: there is no such line, or it can't be read. */
unsigned long long exec_image_status(int pid, const char *name, unsigned int column, int base);

/* Copies the command name of the process (/proc/PID/comm), which every user may read, to name,
 * which has room for size bytes. Terminated; empty if it can't be read. */
void exec_image_command(int pid, char *name, size_t size);

/* How the process of this thread handles the signal: SIG_DFL, SIG_IGN, or any other value for a
 * handler. */
uintptr_t exec_image_handler(int tid, int signal);

/* Whether the task is a thread of that process. */
bool exec_image_is_thread(int tid, int pid);

/* Whether the parent of this new task is traced, so that an event for the task will still come. */
bool exec_image_has_parent(struct tracees *tracees, int tid);
