// SPDX-License-Identifier: MIT
/*
 * The model's pairs: how often each closing stack has closed what each opening stack has opened.
 * The snapshot lists the most frequent ones of a group.
 */
#pragma once

#include "closings.h"
#include "model.h"

/* The code that closes: a closing at one of its sites, at the end of a path. As a number, it lies
 * above the keys of openings, which stand for openings that replace what they close. */
struct closer {
	int closing, site, path;
};

#define CLOSER_UNTRACED UINT32_MAX

uint32_t closer_number(const struct closer *closer);
struct closer closer_of(uint32_t number);

/* Counts a close of this thing. For any thread. */
void pairs_add(const struct thing *thing, uint32_t closer);

/* Compares the closing stacks of the group of a thing, whose figures agree, with the pairs. Returns
 * true if nothing differs. */
bool closers_agree(const struct report *report, const struct report_group *group,
		   const struct thing *thing);
