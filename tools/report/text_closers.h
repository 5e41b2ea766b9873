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

/* Writes how often each closing stack has closed in an old and in a new snapshot, or nothing if
 * neither tells. A path that closes less often than it did is the one to look at. */
void text_closers_compared(const struct page *page, const struct model_group *old,
			   const struct model_group *new, const struct report_options *options);
