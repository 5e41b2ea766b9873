// SPDX-License-Identifier: MIT
/*
 * The first lines of the text: why, when, of which process, and how full its descriptor table is.
 */
#pragma once

#include "census.h"
#include "describe.h"
#include "group.h"
#include "peak.h"

/* Puts the header, with its first line "fdtrail snapshot, format 1". */
void header_put(const struct describe *describe, const struct census *census,
		const struct groups *groups, const struct peaks *peaks);
