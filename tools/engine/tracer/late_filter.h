// SPDX-License-Identifier: MIT
/*
 * Seccomp filters for programs that are executed without one. Where planted code stops by itself
 * for all that the engine must see, only its own calls are filtered (FILTER_PLANTED). Then all
 * calls work without a tracer, and the kernel needn't kill the program with it
 * (PTRACE_O_EXITKILL). What such a program starts gets the filter for all calls before it runs.
 */
#pragma once

#include "tools/engine/planted/injected_call.h"
#include "seccomp_filter.h"
#include "tracer.h"

/* Whether the seccomp filters that the calling process has allow what planting needs (a container's
 * may, and a service's). signal: as for seccomp_filter. */
bool late_filter_may_plant(int signal);

/* Whether the program can be executed before it gets a filter: it is static, and its file gives no
 * rights. */
bool late_filter_is_possible(const struct engine_request *request);

/* Installs a filter in the process, which has just executed a program. 0 or a negative errno. */
int late_filter_exec(const struct tracer *tracer, struct process *process,
		     struct injected *injected, enum seccomp_filter_kind kind);

/* The task is about to run. If it is a new process, whose parent has FILTER_PLANTED, it gets the
 * filter for all calls first. */
void late_filter_fork(const struct tracer *tracer, struct task *task);

/* Planted code is about to be switched off: all threads of the task's process get the filter for
 * all calls. The task is stopped at `at`. */
void late_filter_all(const struct tracer *tracer, struct task *task, enum injected_at at);
