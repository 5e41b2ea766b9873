// SPDX-License-Identifier: MIT
/* See series.h. */
#include "series.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tools/diff/diff.h"
#include "tools/report/heading.h"
#include "tools/report/page.h"

enum { INDENT = 2, CONTINUED = 8 };

static void put_entry(const struct page *page, const struct diff_entry *entry)
{
	const struct model_group *group = diff_group(entry);
	int64_t growth = diff_growth(entry);
	char *heading = heading_of(page, group), *more = NULL;

	/* In a process that is not traced, an entry may stand for several groups of one kind and
	 * state. */
	if (entry->new_count > group->count)
		more = page_format(", and %" PRId64 " others of the kind",
				   entry->new_count - group->count);
	page_linef(page, INDENT, CONTINUED, growth > 0 ? PAGE_STRONG : PAGE_PLAIN,
		   "%+6" PRId64 "  %s%s%s", growth, entry->change == DIFF_GONE ? "gone: " : "",
		   heading, more ? more : "");
	free(heading);
	free(more);
}

void series_text(FILE *file, struct model_snapshot *old, struct model_snapshot *new, bool named,
		 const struct report_options *options)
{
	struct diff *diff = diff_create(old, new);
	struct page page;
	int64_t grown = 0, shrunk = 0;

	if (!diff)
		return;
	page_open(&page, file, options->width, options->colour);
	for (size_t i = 0; i < diff->count; i++) {
		int64_t growth = diff_growth(&diff->entries[i]);

		if (growth > 0)
			grown += growth;
		else
			shrunk -= growth;
	}
	char *process = named ? page_process(new) : NULL;
	page_linef(&page, 0, CONTINUED, PAGE_PLAIN,
		   "\n%s: %s%s%" PRId64 " open, %" PRId64 " more, %" PRId64 " fewer than before",
		   new->when ? new->when : "next", process ? process : "", process ? ": " : "",
		   new->open, grown, shrunk);
	free(process);
	for (size_t i = 0; i < diff->count; i++)
		if (diff_growth(&diff->entries[i]))
			put_entry(&page, &diff->entries[i]);
	page_close(&page);
	diff_destroy(diff);
}
