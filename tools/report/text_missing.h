// SPDX-License-Identifier: MIT
/* The end of a report: what the snapshot lacks, and what could not be named. */
#pragma once

#include "page.h"

#include "tools/model/model.h"

/* Writes the list, or nothing if nothing is missing. */
void text_missing(const struct page *page, const struct model_snapshot *snapshot);
