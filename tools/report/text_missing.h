// SPDX-License-Identifier: MIT
/* The end of a report: what the snapshot does not have, and what could not be named. */
#pragma once

#include "page.h"

#include "tools/model/model.h"

/* Writes nothing when nothing is missing. */
void text_missing(const struct page *page, const struct model_snapshot *snapshot);
