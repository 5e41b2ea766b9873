// SPDX-License-Identifier: MIT
/*
 * A group in words: its heading, what to make of it, its stacks and its first descriptors. The
 * grammar is in README.md, "Groups". Called by snapshot.c for each group in turn.
 */
#pragma once

#include "describe.h"
#include "frame.h"
#include "group.h"

/* Puts the group; number is its place in the text, from 1. */
void group_put(const struct describe *describe, struct frames *frames, const struct group *group,
	       size_t number);
