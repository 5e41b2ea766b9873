// SPDX-License-Identifier: MIT
/*
 * The names of signals. glibc's own functions for them are newer than 2.31, or translate them.
 * Async-signal-safe.
 */
#pragma once

/* The name of a signal without "SIG", or NULL, as for a real-time signal. A static string. */
const char *signal_name(int number);

/* The signal of this name, which is without "SIG"; 0: there is none. */
int signal_number(const char *name);
