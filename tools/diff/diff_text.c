// SPDX-License-Identifier: MIT
/* The comparison of two snapshots, for people. Findings that grew come first, with their stacks. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/reader/snapshot_time.h"
#include "tools/report/heading.h"
#include "tools/report/page.h"
#include "tools/report/text_closers.h"
#include "tools/report/text_paths.h"
#include "tools/report/text_stack.h"
#include "diff_format.h"

enum { CONTINUED = 2 }; /* extra indent of continuation lines */

static void put_side(const struct page *page, const char *title,
		     const struct model_snapshot *snapshot)
{
	char *process = page_process(snapshot);
	char *open = snapshot->open < 0 ? page_format("%s", "")
					: page_format(", %" PRId64 " open", snapshot->open);
	char *why = page_safe(snapshot->why ? snapshot->why : "no reason given");

	page_linef(page, 0, CONTINUED, PAGE_PLAIN, "%s: %s%s, %s: %s", title, process, open,
		   snapshot->when ? snapshot->when : "no time", why);
	free(process);
	free(open);
	free(why);
}

/* Writes notes on what makes the comparison less reliable. */
static void put_notes(const struct page *page, const struct diff *diff)
{
	const struct model_snapshot *old = diff->old, *new = diff->new;
	const char *rebuilt = diff_rebuilt(diff), *old_kinds = model_field(old, "kinds"),
		   *new_kinds = model_field(new, "kinds");
	int64_t old_time = snapshot_time_ms(old->when), new_time = snapshot_time_ms(new->when);
	const struct {
		bool holds;
		const char *words;
	} notes[] = {
		{old->unread,
		 "the open descriptors of the old snapshot are not known, so all look new here"},
		{new->unread,
		 "the open descriptors of the new snapshot are not known, so all look gone here"},
		{!old->whole, "the old snapshot is cut off: groups that it lacks look new here"},
		{!new->whole, "the new snapshot is cut off: groups that it lacks look gone here"},
		{old->mixed || new->mixed, "lines of several snapshots are mixed in a file, so "
					   "counts may be wrong"},
		{old->program && new->program &&strcmp(old->program, new->program) != 0,
		 "the two snapshots are of different programs"},
		{old->traced != new->traced,
		 "one of the two processes was not traced, so stacks can't be matched"},
		{strcmp(old_kinds ? old_kinds : "", new_kinds ? new_kinds : "") != 0,
		 "the two snapshots have different kinds of descriptors (FDTRAIL_KINDS)"},
		{old_time && new_time && old_time > new_time,
		 "the old snapshot was taken after the new one"},
	};

	for (size_t i = 0; i < sizeof(notes) / sizeof(*notes); i++)
		if (notes[i].holds)
			page_prosef(page, 0, CONTINUED, PAGE_WARNING, "Note: %s.", notes[i].words);
	if (rebuilt) {
		char *path = page_safe(rebuilt);

		page_prosef(page, 0, CONTINUED, PAGE_WARNING,
			    "Note: %s was rebuilt between the snapshots, so its stacks are matched "
			    "only by functions, files and lines.",
			    path);
		free(path);
	}
}

static void put_entry(const struct page *page, const struct diff_entry *entry,
		      const struct diff_options *options, struct text_given *given)
{
	const struct model_group *group = diff_group(entry);
	const struct model_stack *opened = model_stack(group, MODEL_OPENED_AT),
				 *used = model_stack(group, MODEL_LAST_USED_AT);
	char *heading = heading_of(page, group);

	fputc('\n', page->file);
	page_linef(page, 0, CONTINUED, PAGE_STRONG,
		   "%s, %" PRId64 " -> %" PRId64 " (%+" PRId64 "): %s",
		   diff_change_name(entry->change), entry->old_count, entry->new_count,
		   diff_growth(entry), heading);
	text_paths(page, group, &options->report);
	if (used)
		text_stack(page, used->http ? "last HTTP request by" : "last used at", used, group,
			   text_frames_of(&options->report));
	if (opened)
		text_stack(page, "opened at", opened, used ? NULL : group,
			   text_frames_of(&options->report));
	if (entry->change == DIFF_NEW)
		text_closers(page, group, given, &options->report);
	else if (entry->change != DIFF_GONE)
		text_closers_compared(page, &entry->old, group, &options->report);
	free(heading);
}

int diff_write_text(const struct diff *diff, const struct diff_options *options, FILE *file)
{
	size_t counts[DIFF_CHANGES], shown = 0, left_out = 0;
	struct text_given given = {0};
	struct page page;

	page_open(&page, file, options->report.width, options->report.colour);
	put_side(&page, "old", diff->old);
	put_side(&page, "new", diff->new);
	put_notes(&page, diff);
	diff_tally(diff, counts);
	page_linef(&page, 0, CONTINUED, PAGE_PLAIN,
		   "stacks: %zu new, %zu grown, %zu shrunk, %zu gone, %zu the same",
		   counts[DIFF_NEW], counts[DIFF_GROWN], counts[DIFF_SHRUNK], counts[DIFF_GONE],
		   counts[DIFF_SAME]);
	for (size_t i = 0; i < diff->count; i++) {
		if (diff->entries[i].change == DIFF_SAME)
			continue;
		if (!options->report.full && shown == REPORT_GROUPS) {
			left_out++;
			continue;
		}
		put_entry(&page, &diff->entries[i], options, &given);
		shown++;
	}
	if (left_out) {
		fputc('\n', file);
		page_linef(&page, 0, CONTINUED, PAGE_FAINT, "and %zu more %s (--full)", left_out,
			   left_out == 1 ? "stack" : "stacks");
	}
	page_close(&page);
	return 0;
}
