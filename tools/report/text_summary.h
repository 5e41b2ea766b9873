// SPDX-License-Identifier: MIT
/* Shared by the first lines of a report (report_summary) and its end. */
#pragma once

#include "tools/model/model.h"

/* The number of descriptors of all groups, without inherited ones. */
int64_t text_summary_descriptors(const struct model_snapshot *snapshot);
