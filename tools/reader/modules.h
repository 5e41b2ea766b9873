// SPDX-License-Identifier: MIT
/* The modules of a snapshot, and which of them its frames lie in. */
#pragma once

#include "tools/model/model.h"

/* Gives each frame without a build-id that of its module. Paths of modules are kept once, so that
 * equal ones are the same pointer. */
void modules_identify(struct model_snapshot *snapshot);
