// SPDX-License-Identifier: MIT
/* The numbers that the page's script draws, as JSON in the page. */
#pragma once

#include "tools/export/format.h"

/* Writes the data of all processes, in the order of their sections. Returns 0 or -ENOMEM. */
int html_data(const struct model_snapshot *const *snapshots, size_t count,
	      const struct export_options *options, FILE *file);
