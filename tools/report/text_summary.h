// SPDX-License-Identifier: MIT
/* What the first lines of a report (report_summary) and its end have in common. */
#pragma once

#include "tools/model/model.h"

/* How many descriptors the groups have, the inherited ones not counted. */
int64_t text_summary_descriptors(const struct model_snapshot *snapshot);
