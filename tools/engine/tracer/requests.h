// SPDX-License-Identifier: MIT
/*
 * How `fdtrail snapshot` asks the engine itself (preload/core/base/channel.h): the tracing process
 * gets a signal, and the program none, whether it blocks signals or is stopped. Used by tracer.c.
 */
#pragma once

#include "tracer.h"

/* Begins to take requests. */
void requests_start(void);

/* Answers those that have come in. One that comes in later interrupts waitpid(2). */
void requests_answer(const struct tracer *tracer);

/* Around what a signal must not interrupt. */
void requests_hold(bool hold);
