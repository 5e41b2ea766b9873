// SPDX-License-Identifier: MIT
/* Joins copies (dup) with the descriptors that they are of. */
#pragma once

#include "tools/model/model.h"

/* Fills in copies of all descriptors of the snapshot. */
void dup_copies_count(struct model_snapshot *snapshot);
