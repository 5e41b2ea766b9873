// SPDX-License-Identifier: MIT
/* A walk over all frames of a snapshot, including those of ancestor goroutines. */
#pragma once

#include "tools/model/model.h"

/* Called for each frame. A negative result ends the walk. */
typedef int frames_function(struct model_snapshot *snapshot, struct model_frame *frame, void *data);

/* Returns 0, or the negative result that ended the walk. */
int frames_each(struct model_snapshot *snapshot, frames_function *function, void *data);

/* A copy of string in the snapshot's memory; NULL for NULL. */
const char *frames_string(struct model_snapshot *snapshot, const char *string);
