// SPDX-License-Identifier: MIT
/*
 * The ends of the program that are not exit(): see exit.c.
 */
#pragma once

/* _exit(2) and _Exit(3): takes the last snapshot, then ends the process. */
void exit_now(int status) __attribute__((noreturn));

/* The program is about to die of a signal that is its default: takes the last snapshot.
 * Async-signal-safe. */
void exit_by_signal(int number);

/* Registers what runs at exit and quick_exit. For the constructor. */
void exit_register(void);
