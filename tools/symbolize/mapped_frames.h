// SPDX-License-Identifier: MIT
/*
 * Gives frames of JavaScript the lines of the sources that it was compiled from, such as
 * TypeScript, by the source maps of their files.
 */
#pragma once

#include "tools/model/model.h"

/* Frames whose file can't be read, has no map or was changed since the snapshot keep their lines.
 * To be called only if the snapshot is from this machine. Returns 0 or -ENOMEM. */
int mapped_frames_name(struct model_snapshot *snapshot);
