// SPDX-License-Identifier: MIT
/* The signals by which a user ends a command that watches other processes. It has to finish its
 * work then, so they are blocked and read from a descriptor. */
#pragma once

#include <signal.h>

/* Blocks SIGINT, SIGTERM, SIGHUP and SIGQUIT for the calling thread. before: gets the signal mask
 * as it was; or NULL. Returns a signalfd(2) that doesn't block, or a negative errno: they are
 * blocked all the same. */
int ending_signals_hold(sigset_t *before);
