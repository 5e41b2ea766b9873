// SPDX-License-Identifier: MIT
/*
 * Wrong closes on purpose, at numbers that belong to one thread, so that they harm no other: each
 * must be reported with its three stacks, be counted, and be the only ones that are reported.
 *
 * A copy over another's descriptor and an open at a standard number are left out: they need a
 * number that the kernel gives to another thread just then.
 */
#pragma once

#include <stdbool.h>

#include "model.h"

/* Closes or uses something wrongly, in a way that is chosen by the thread's random numbers. */
void operate_misdeed(struct thread *thread);

/* After a comparison, while no thread works: what was reported until now is known to fdtrail. */
void misdeeds_settle(void);

/* Compares the snapshot's misuses with what was done. Returns true if nothing differs. */
bool misdeeds_agree(const struct report *report);
