// SPDX-License-Identifier: MIT
/* The call paths that lead to one place of the program, each with its number of descriptors. */
#pragma once

#include "page.h"

#include "tools/model/model.h"
#include "report.h"

/* Lists the paths of a finding (findings.h), the most descriptors first, each by the lines in which
 * it differs from the others. Paths that differ only in what is not shown share a line with their
 * sums. Writes nothing if there is only one line. */
void text_paths(const struct page *page, const struct model_group *group,
		const struct report_options *options);
