// SPDX-License-Identifier: MIT
/*
 * What ends a program that stands still, after saying where: the stacks of all its threads. A test
 * that only times out says nothing of a deadlock.
 */
#pragma once

/* Starts it: without watchdog_alive for so many seconds, all stacks are printed on stderr and the
 * program ends with SIGABRT. */
void watchdog_start(unsigned int seconds);
void watchdog_alive(void);
