// SPDX-License-Identifier: MIT
/*
 * Writes the last lines of the text: what is open but not listed, what could not be seen, and the
 * modules of the frames, so that frames can be named later and on another machine.
 */
#pragma once

#include "census.h"
#include "describe.h"
#include "frame.h"

/* Writes the footer, with the last line "end of fdtrail snapshot, format 1". */
void footer_put(const struct describe *describe, const struct census *census,
		const struct frames *frames);
