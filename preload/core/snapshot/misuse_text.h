// SPDX-License-Identifier: MIT
/* Wrong closes, and uses after a close, in a snapshot: a paragraph each, with the stacks that show
 * it. Called by snapshot.c. Async-signal-safe. */
#pragma once

#include "describe.h"
#include "frame.h"

/* Adds the frames of all their stacks to frames. */
void misuses_add(struct frames *frames, const struct ledger *ledger);

/* Writes the header's line, if wrong closes are looked for. */
void misuses_put_header(const struct describe *describe);

/* Writes the paragraphs. */
void misuses_put(const struct describe *describe, struct frames *frames);
