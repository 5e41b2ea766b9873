// SPDX-License-Identifier: MIT
/*
 * The facts about a process that /proc shows to every user: its name, state, user and start. Used
 * by all of this room, and by run_roster.c.
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
	int leader;             /* the process that it is a thread of; pid if it is the process */
	int parent;             /* 0: none that we can see */
	int tracer;             /* the process that ptraces it; 0: none */
	int threads;            /* 0: not known */
	int exit_signal;        /* the signal that its parent gets at its end; 0: none */
	uid_t user;             /* real user id */
	uint64_t started_ms;    /* CLOCK_MONOTONIC */
	uint64_t started_ticks; /* the same in clock ticks since boot: identifies the process,
				 * together with pid */
};

/* Reads the facts about process or thread pid. 0, or a negative errno: -ESRCH there is no such
 * process; -EACCES there is one, but /proc doesn't show it to us; -EXDEV /proc is not mounted, or
 * belongs to another PID namespace (pid_namespaces(7)), where pid is another process. */
int process_read(struct process *process, int pid);

/* The time when the process started, in milliseconds of CLOCK_BOOTTIME. */
uint64_t process_started_boottime_ms(const struct process *process);

/* Whether the process has ended: it is a zombie, and no other thread than its main one lives. */
bool process_has_ended(const struct process *process);

/* The same now, for a process that was read earlier; true also if it can't be read any more, or its
 * id belongs to another one. */
bool process_has_ended_since(const struct process *process);

/* The thread through which /proc shows the process: its main thread, or another one if only the
 * main thread has ended (pthread_exit(3) in main). 0: no thread lives. */
int process_thread(const struct process *process);

/* Whether process pid is an fdtrail command, of any verb. */
bool process_is_fdtrail(int pid);

/* Writes one line to text, of size bytes, that says why no snapshot of the process is possible, and
 * returns text. NULL: one is possible. */
const char *process_obstacle(const struct process *process, char *text, size_t size);
