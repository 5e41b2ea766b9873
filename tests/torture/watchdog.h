// SPDX-License-Identifier: MIT
/*
 * Ends a program that hangs, after printing the stacks of all its threads, because a test that only
 * times out tells nothing about a deadlock.
 */
#pragma once

/* Starts the watchdog: without a call of watchdog_alive for this many seconds, it prints all
 * stacks on stderr and ends the program with SIGABRT. */
void watchdog_start(unsigned int seconds);
void watchdog_alive(void);
