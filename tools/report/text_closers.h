// SPDX-License-Identifier: MIT
/*
 * The closes of a group's siblings: of those descriptors that the same stacks have opened and the
 * program has closed. The leaking path lacks one of these closes.
 */
#pragma once

#include "page.h"

#include "report.h"
#include "text_advice.h"
#include "tools/model/model.h"

/* Writes the list, or nothing if the snapshot doesn't tell. */
void text_closers(const struct page *page, const struct model_group *group,
		  struct text_given *given, const struct report_options *options);
