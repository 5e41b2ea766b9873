// SPDX-License-Identifier: MIT
/* Double closes, uses after a close, and closes of another's descriptor, with the stacks that show
 * each. */
#pragma once

#include "page.h"

#include "report.h"
#include "tools/model/model.h"

/* "2 double closes, 1 use after close", for the first lines; the caller frees it. NULL: there are
 * none. */
char *text_misuses_sentence(const struct model_snapshot *snapshot);

/* Writes a paragraph for each, or nothing. */
void text_misuses(const struct page *page, const struct model_snapshot *snapshot,
		  const struct report_options *options);
