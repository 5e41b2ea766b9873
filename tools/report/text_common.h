// SPDX-License-Identifier: MIT
/*
 * What the descriptors of a group have in common: the peer, the port, the file; and how much room
 * the deleted files take that they keep from being freed.
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Prints a line for each of these that is known. */
void text_common(const struct page *page, const struct model_group *group);
