// SPDX-License-Identifier: MIT
/* A stack in short, for what diff and check print: a function a line, with its file and line. */
#pragma once

#include <stdio.h>

#include "../export/format.h"

/* Writes the opening stack of a group of snapshot, nothing when it has none. Returns 0 or -ENOMEM.
 */
int stack_text_put(const struct model_snapshot *snapshot, const struct model_group *group,
		   const struct export_options *options, FILE *file);
