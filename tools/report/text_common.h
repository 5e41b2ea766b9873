// SPDX-License-Identifier: MIT
/*
 * Properties that the descriptors of a group share: the peer, the port, the file; and the disk
 * space of deleted files that they keep from being freed.
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Writes a line for each property that is known. */
void text_common(const struct page *page, const struct model_group *group);
