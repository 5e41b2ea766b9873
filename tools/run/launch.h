// SPDX-License-Identifier: MIT
/*
 * Starts the program and waits for it as if nobody stood between it and the shell: it is in our
 * process group, keeps every descriptor, signal disposition and blocked signal that we were given,
 * and the terminal is its own. Signals that come to us alone go to it; those of the terminal have
 * reached it already. When it stops, we stop, so that the shell's job control works; when we are
 * woken, so is it.
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
	LAUNCH_CANNOT_RUN = 126, /* the program is there and can't be executed */
	LAUNCH_NOT_FOUND = 127,  /* there is no such program */
	LAUNCH_SIGNALLED = 128,  /* plus the signal that ended it */
};

struct launch {
	pid_t pid;
	sigset_t mask;          /* as we were given it */
	struct sigaction child; /* SIGCHLD's disposition, as we were given it */
	int signals;            /* signalfd; close-on-exec and far from the program's numbers */
	bool interrupted;       /* the terminal's Ctrl-C was pressed */
};

/* Moves fd to a high number, close-on-exec, out of the way of 0, 1 and 2, which may be closed.
 * Returns the number, or fd itself when it can't be moved; a negative fd is handed back. */
int launch_move_high(int fd);

/* Blocks all signals, to read them from launch->signals. 0 or a negative errno. */
int launch_prepare(struct launch *launch);

/* The exit status, when a signal has come that would have ended us before the program was started;
 * else 0. */
int launch_ended_early(const struct launch *launch);

/* Becomes the program, in the child; returns only when that failed, with the errno. told is closed
 * on exec, which is how the parent learns that it went well: who never executes closes it. */
typedef int launch_exec(void *data, int told);

/* Forks, and calls exec(data, told) in the child. 0, or the errno of what failed: exec's, or ours.
 */
int launch_start(struct launch *launch, launch_exec *exec, void *data);

/* Waits for the program to end; returns its status as waitpid(2) has it. Meanwhile, whenever fd is
 * readable, or a child of ours other than the program has ended, calls event(data). */
int launch_wait(struct launch *launch, int fd, void (*event)(void *data), void *data);

/* Closes what launch_prepare opened; nothing when it was not called and signals is -1. */
void launch_finish(struct launch *launch);

/* Back to what we were given, in a child that is to behave like any program. */
void launch_restore_signals(const struct launch *launch);

/* Where the terminal's Ctrl-C has ended the program (its exit status says so), it ends us as well:
 * a shell stops its loop only when it sees that a signal has ended its child. */
void launch_end_alike(const struct launch *launch, int exit_status);

/* The exit status of a shell for what waitpid(2) gave. */
int launch_exit_status(int status);
