// SPDX-License-Identifier: MIT
/*
 * Starts the program and waits for it as if the shell had started it itself. It is in our process
 * group, inherits every descriptor, signal disposition and blocked signal that we were given, and
 * has the terminal. We pass on signals that come to us alone; those of the terminal have reached it
 * already. When it stops, we stop, so that the shell's job control works; when we are woken, we
 * wake it.
 *
 *     launch_prepare(&launch)   before anything else is opened or changed
 *     launch_start(&launch, exec, data)
 *     launch_wait(&launch, ...)
 *     launch_finish(&launch)    before the report: signals are ours again
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Exit statuses, those of env(1). */
enum {
	LAUNCH_TROUBLE = 125,    /* fdtrail's own failure */
	LAUNCH_CANNOT_RUN = 126, /* the program exists and can't be executed */
	LAUNCH_NOT_FOUND = 127,  /* there is no such program */
	LAUNCH_SIGNALLED = 128,  /* plus the signal that ended it */
};

struct launch {
	pid_t pid;
	sigset_t mask;          /* the blocked signals that we were given */
	struct sigaction child; /* SIGCHLD's disposition, as we were given it */
	int signals;            /* signalfd; close-on-exec, with a high number */
	bool interrupted;       /* the terminal's SIGINT (Ctrl-C) has come */
};

/* Moves fd to a high number, close-on-exec, so that it doesn't take 0, 1 or 2, which may be closed.
 * Returns the number, or fd itself if it can't be moved or is negative. */
int launch_move_high(int fd);

/* Blocks all signals; launch->signals reads them. 0 or a negative errno. */
int launch_prepare(struct launch *launch);

/* The exit status to end with if a signal has come, before the program was started, that would have
 * ended us; else 0. */
int launch_ended_early(const struct launch *launch);

/* Executes the program, in the child. Returns only on failure, with the errno. The parent learns of
 * success because told is closed on exec; a function that doesn't execute must close it. */
typedef int launch_exec(void *data, int told);

/* Forks, and calls exec(data, told) in the child. 0, or the errno of fork or exec. */
int launch_start(struct launch *launch, launch_exec *exec, void *data);

/* Waits for the program to end, and returns its status as waitpid(2) does. Until then, calls
 * event(data) whenever fd is readable or a child of ours other than the program has ended. */
int launch_wait(struct launch *launch, int fd, void (*event)(void *data), void *data);

/* Closes launch->signals, unless it is -1. */
void launch_finish(struct launch *launch);

/* Restores the signal state that we were given, in a child that executes another program. */
void launch_restore_signals(const struct launch *launch);

/* If the terminal's Ctrl-C has ended the program, as its exit status says, ends us by SIGINT, too:
 * a shell ends a loop only if a signal has ended its child. */
void launch_end_alike(const struct launch *launch, int exit_status);

/* The exit status that a shell has for this status of waitpid(2). */
int launch_exit_status(int status);
