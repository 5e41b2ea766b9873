// SPDX-License-Identifier: MIT
/* Facts about a process from /proc/PID/status and /proc/PID/comm. Async-signal-safe. */
#pragma once

#include <stdint.h>

#include "writer.h"

struct process_status {
	uint64_t parent, user, effective;
};

/* Fills in what /proc tells, and leaves the rest as it is. */
void process_status_read(int pid, struct process_status *status);

/* Writes " (NAME)", if /proc tells the process' name. */
void process_put_name(struct writer *writer, int pid);
