// SPDX-License-Identifier: MIT
/*
 * What /proc tells anybody of a process: enough to say what it is, whose, and since when. Used by
 * outside_snapshot.c and obtain.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process {
	int pid;
	char name[64]; /* any bytes */
	char state;    /* 'R', 'S', 'D', 'T', 't', 'Z', ...: proc_pid_stat(5) */
	bool is_kernel_thread;
	int leader;             /* the process that it is a thread of; pid when it is one itself */
	int parent;             /* 0: it has none that we can see */
	int tracer;             /* who ptraces it; 0: nobody */
	int threads;            /* 0: not known */
	int exit_signal;        /* tells its parent of its end; 0: none does */
	uid_t user;             /* real user id */
	uint64_t started_ms;    /* CLOCK_MONOTONIC */
	uint64_t started_ticks; /* the same as the kernel counts: with pid, this very process */
};

/* Reads what is known of pid. 0, or a negative errno: -ESRCH there is no such process, -EACCES
 * there is one, and /proc does not show it to us; -EXDEV /proc is not mounted, or has the numbers
 * of another PID namespace (pid_namespaces(7)): then pid is another process there. */
int process_read(struct process *process, int pid);

/* When it started, in milliseconds of CLOCK_BOOTTIME. */
uint64_t process_started_boottime_ms(const struct process *process);

/* Whether it has ended: it is a zombie, and not one whose main thread alone has ended. */
bool process_has_ended(const struct process *process);

/* The thread by which the process can be looked at in /proc: its main thread, or another one where
 * that has ended by itself (pthread_exit(3) in main). 0: there is none any more. */
int process_thread(const struct process *process);

/* Whether process pid is a fdtrail command, whatever it does. */
bool process_is_fdtrail(int pid);

/* What stands in the way of looking at it at all: one line; or NULL. text is where it is put. */
const char *process_obstacle(const struct process *process, char *text, size_t size);
