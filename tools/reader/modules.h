// SPDX-License-Identifier: MIT
/* Finds the modules that a snapshot's frames lie in. */
#pragma once

#include "tools/model/model.h"

/* Sets the build-id of each frame that has none from its module. Equal paths must be the same
 * pointer (strings_keep). */
void modules_identify(struct model_snapshot *snapshot);
