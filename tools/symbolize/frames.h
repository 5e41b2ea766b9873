// SPDX-License-Identifier: MIT
/* What is done to frames: a walk over all of a snapshot, also of the goroutines that a stack
 * descends from. */
#pragma once

#include "tools/model/model.h"

/* Called for each frame; what is < 0 ends the walk. */
typedef int frames_function(struct model_snapshot *snapshot, struct model_frame *frame, void *data);

/* Returns 0, or what ended it. */
int frames_each(struct model_snapshot *snapshot, frames_function *function, void *data);

/* A copy of string in the snapshot's memory; NULL for NULL. */
const char *frames_string(struct model_snapshot *snapshot, const char *string);
