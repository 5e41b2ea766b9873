// SPDX-License-Identifier: MIT
/*
 * The last snapshot, when the program ends: by exit, quick_exit, _exit, or a signal. See exit.c.
 */
#pragma once

/* For _exit(2) and _Exit(3): takes the last snapshot, then ends the process. Async-signal-safe. */
void exit_now(int status) __attribute__((noreturn));

/* Takes the last snapshot before signal number ends the program. Async-signal-safe. */
void exit_by_signal(int number);

/* Registers our handlers for exit and quick_exit. For the constructor. */
void exit_register(void);

/* In a forked child: it has not ended yet. */
void exit_forked(void);

/* The same in a process that `fdtrail attach` came to. */
void exit_register_late(void);
