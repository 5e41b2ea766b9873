// SPDX-License-Identifier: MIT
/*
 * Requests of `fdtrail snapshot` to the engine (preload/core/base/channel.h). The signal goes to
 * the tracer, not to the program, so it works even if the program blocks signals or is stopped.
 * Used by tracer.c.
 */
#pragma once

#include "tracer.h"

/* Installs the signal handler that takes requests. */
void requests_start(void);

/* Answers the requests that have come in. A later one interrupts waitpid(2). */
void requests_answer(const struct tracer *tracer);

/* Blocks the signal of requests (hold), or unblocks it, around work that it must not interrupt. */
void requests_hold(bool hold);
