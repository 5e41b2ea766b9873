// SPDX-License-Identifier: MIT
/*
 * The file that an interpreter runs. A shell keeps its script open until its end, at a high number
 * that no child gets; that is how it reads it, and no leak. `fdtrail run` says nothing of it, so
 * that a script which leaves nothing open is not reported; the snapshot has it nevertheless.
 */
#pragma once

#include "tools/model/model.h"

/* Marks groups that hold nothing but the script (model_group.suppressed). */
void own_script_apply(struct model_snapshot *snapshot);
