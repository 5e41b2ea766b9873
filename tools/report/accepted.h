// SPDX-License-Identifier: MIT
/*
 * Sockets that came from accept(2): a client opened them, not the program. A TCP socket was
 * accepted if the process listens at its local port.
 */
#pragma once

#include <stddef.h>

#include "tools/model/model.h"

/* Fills in accepted of those findings whose descriptors are all listed and were all accepted, and
 * of their paths and parts. The listening ports come from the groups of the snapshot. */
void accepted_find(struct model_snapshot *snapshot, struct model_group *findings, size_t count);
