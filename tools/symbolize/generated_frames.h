// SPDX-License-Identifier: MIT
/*
 * Frames in generated code, which are in no module: a just-in-time compiler that was asked to has
 * written /tmp/perf-PID.map.
 */
#pragma once

#include <stdbool.h>

#include "tools/model/model.h"

/* Names them, where that file is there and can be trusted and the snapshot is of this machine.
 * Where that is the program's own code, by file and line, the program that generated it is a
 * language's runtime, and no longer own. Returns 0 or -ENOMEM. */
int generated_frames_name(struct model_snapshot *snapshot, bool is_this_host);
