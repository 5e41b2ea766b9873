// SPDX-License-Identifier: MIT
/*
 * The file that an interpreter runs. A shell keeps its script open until its end, at a high number
 * that no child gets; that is how it reads it, and no leak. Texts and limits leave it out; the
 * snapshot has it nevertheless, and so has JSON.
 */
#pragma once

#include "tools/model/model.h"

/* Takes out the group that holds nothing but the script: it does not count as unclosed. */
void own_script_leave_out(struct model_snapshot *snapshot);
