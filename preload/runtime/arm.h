// SPDX-License-Identifier: MIT
/*
 * Asleep until it matters (FDTRAIL_ARM): hooks record nothing until so many descriptors are open,
 * or a snapshot is requested, or descriptors run out. Then everything that is open counts as open
 * before fdtrail came, as after `fdtrail attach`, and what is opened from then on has a stack.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "runtime.h"

static inline bool arm_asleep(void)
{
	return atomic_load(&runtime.wiped->gate) == GATE_ASLEEP;
}

/* Whether the tracer answers requests in this process: it is awake, or sleeps. */
static inline bool arm_listens(void)
{
	return runtime_on() || (arm_asleep() && !thread_state.vforks);
}

/* fd was opened while the tracer sleeps: wakes it if that is the time. Returns whether it is awake
 * now. Async-signal-safe, keeps errno. */
__attribute__((cold)) bool arm_reached(int fd);

/* Wakes the tracer if it sleeps. Async-signal-safe, keeps errno. */
void arm_wake(void);

/* The program ends, and the tracer has slept all the time: says so to the user of `fdtrail run`,
 * who would take silence for "nothing was left open". */
void arm_slept(void);
