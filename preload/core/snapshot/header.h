// SPDX-License-Identifier: MIT
/*
 * Writes the first lines of the text: the reason, the time, the process, and how full its
 * descriptor table is.
 */
#pragma once

#include "census.h"
#include "describe.h"
#include "group.h"
#include "peak.h"

/* Writes the header, with the first line "fdtrail snapshot, format 1". */
void header_put(const struct describe *describe, const struct census *census,
		const struct groups *groups, const struct peaks *peaks);
