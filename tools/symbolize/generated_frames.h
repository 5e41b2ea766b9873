// SPDX-License-Identifier: MIT
/*
 * Names frames in generated code, which are in no module, from /tmp/perf-PID.map. A just-in-time
 * compiler writes that file if it is asked to.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"

/* Names the frames if the file is there and can be trusted, and the snapshot is from this machine.
 * In stacks with generated user code that has a file and a line, the program's own file is a
 * language's runtime and its frames lose `own`. Returns 0 or -ENOMEM. */
int generated_frames_name(struct model_snapshot *snapshot, bool is_this_host);
