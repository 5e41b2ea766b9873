// SPDX-License-Identifier: MIT
/*
 * Notes of the snapshot's text that the report repeats. The report has its own words for most of
 * them, but only the tracer can say why the last user of a Go program's connections is not known.
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Writes them as one paragraph; nothing if the group has none. */
void text_note(const struct page *page, const struct model_group *group);
