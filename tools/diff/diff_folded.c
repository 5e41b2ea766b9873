// SPDX-License-Identifier: MIT
/* A stack a line with its two counts: what flamegraph.pl draws as a differential flame graph. */
#include <inttypes.h>

#include "../export/folded.h"
#include "format.h"

int diff_write_folded(const struct diff *diff, const struct diff_options *options, FILE *file)
{
	for (size_t i = 0; i < diff->count; i++) {
		const struct diff_entry *entry = &diff->entries[i];
		/* The program's name begins the stack: for both the same one. */
		int error =
			folded_write_stack(diff->new, diff_group(entry), &options->export, file);

		if (error)
			return error;
		fprintf(file, " %" PRId64 " %" PRId64 "\n", entry->old_count, entry->new_count);
	}
	return 0;
}
