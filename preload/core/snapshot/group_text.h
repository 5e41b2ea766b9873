// SPDX-License-Identifier: MIT
/*
 * Writes a group: its heading, notes, stacks and first descriptors. The grammar is in README.md,
 * "Groups". snapshot.c calls this for each group in turn.
 */
#pragma once

#include "describe.h"
#include "frame.h"
#include "group.h"

/* Writes the group; number is its place in the text, from 1. */
void group_put(const struct describe *describe, struct frames *frames, const struct group *group,
	       size_t number);
