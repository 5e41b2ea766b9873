// SPDX-License-Identifier: MIT
/*
 * Leaves out the script that a shell runs. A shell reads its script from a descriptor with a high
 * number, which no child gets, until its end. That isn't a leak. Texts and limits leave it out; the
 * snapshot and JSON have it.
 */
#pragma once

#include "tools/model/model.h"

/* Removes the group that has nothing but the script from those that count as unclosed. */
void own_script_leave_out(struct model_snapshot *snapshot);
