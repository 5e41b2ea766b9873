// SPDX-License-Identifier: MIT
/*
 * Notes of a snapshot that the report hands on. Most notes are advice, for which the report has
 * words of its own; why it is not known who used a Go program's connections last, only the
 * tracer could say.
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Puts them as one paragraph; nothing when the group has none. */
void text_note(const struct page *page, const struct model_group *group);
