// SPDX-License-Identifier: MIT
/*
 * States in which a descriptor is of no use any more, or was never of any: the program has finished
 * its work with it, or has never begun, and has not closed it.
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Writes a line for each such state that listed descriptors of the group are in. */
void text_state(const struct page *page, const struct model_group *group);
