// SPDX-License-Identifier: MIT
/*
 * The last lines of the text: what is open and not listed, what could not be seen, and the modules
 * that the frames lie in, so that frames can be named later and elsewhere.
 */
#pragma once

#include "census.h"
#include "describe.h"
#include "frame.h"

/* Puts the footer, with its last line "end of fdtrail snapshot, format 1". */
void footer_put(const struct describe *describe, const struct census *census,
		const struct frames *frames);
