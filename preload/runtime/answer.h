// SPDX-License-Identifier: MIT
/*
 * The box in which the program's memory holds the text of a snapshot (preload/core/policy/
 * answer_box.h). One thread at a time may use it, the one that takes the snapshot
 * (snapshot_queue.h), or its helper process. All functions are async-signal-safe.
 */
#pragma once

#include <stdint.h>

#include "preload/core/snapshot/writer.h"

/* Empties the box, and returns the sink that fills it. */
const struct writer_sink *answer_begin(void);

/* The text is whole: it answers the request with this token. */
void answer_end(uint32_t token);
