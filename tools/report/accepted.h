// SPDX-License-Identifier: MIT
/*
 * Sockets that accept() has made: the program did not open these, a client did. A TCP socket was
 * accepted when its own port is one that the process listens at.
 */
#pragma once

#include <stddef.h>

#include "tools/model/model.h"

/* Fills in accepted of the findings whose descriptors are all listed, and all were accepted, and of
 * what these are made of. The
 * snapshot's groups, which the findings were made of, say where it listens. */
void accepted_find(struct model_snapshot *snapshot, struct model_group *findings, size_t count);
