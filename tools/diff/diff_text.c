// SPDX-License-Identifier: MIT
/* Two snapshots compared, for people: what grew comes first, with its stack. */
#include <inttypes.h>
#include <string.h>

#include "../reader/escape.h"
#include "../reader/snapshot_time.h"
#include "format.h"
#include "stack_text.h"

static void put_side(const char *title, const struct model_snapshot *snapshot, FILE *file)
{
	fprintf(file, "%s: ", title);
	if (snapshot->program)
		escape_put_word(file, snapshot->program);
	else
		fputs("unknown program", file);
	if (snapshot->pid >= 0)
		fprintf(file, " (%" PRId64 ")", snapshot->pid);
	if (snapshot->when)
		fprintf(file, ", %s", snapshot->when);
	if (snapshot->open >= 0)
		fprintf(file, ", %" PRId64 " descriptors open", snapshot->open);
	fputc('\n', file);
}

static void note(FILE *file, const char *words)
{
	fprintf(file, "note: %s\n", words);
}

/* What makes the comparison worth less than it looks. */
static void put_notes(const struct diff *diff, FILE *file)
{
	const struct model_snapshot *old = diff->old, *new = diff->new;
	const char *rebuilt = diff_rebuilt(diff), *old_kinds = model_field(old, "kinds"),
		   *new_kinds = model_field(new, "kinds");
	int64_t old_time = snapshot_time_ms(old->when), new_time = snapshot_time_ms(new->when);

	if (!old->whole || !new->whole)
		note(file,
		     !old->whole ? "the old snapshot was cut: what is missing there looks new here"
				 : "the new snapshot was cut: what is missing looks gone here");
	if (old->mixed || new->mixed)
		note(file, "the lines of several snapshots are mixed: counts may be wrong");
	if (old->program && new->program && strcmp(old->program, new->program) != 0)
		note(file, "these are two different programs");
	if (old->traced != new->traced)
		note(file, "one of the two was not traced, so their stacks can't be matched");
	if (strcmp(old_kinds ? old_kinds : "", new_kinds ? new_kinds : "") != 0)
		note(file, "they have different kinds of descriptors (FDTRAIL_KINDS)");
	if (old_time && new_time && old_time > new_time)
		note(file, "the old one was taken after the new one");
	if (rebuilt) {
		fputs("note: ", file);
		escape_put_word(file, rebuilt);
		fputs(" was built anew between them: its stacks can't be matched\n", file);
	}
}

static int put_entry(const struct diff *diff, const struct diff_entry *entry,
		     const struct export_options *options, FILE *file)
{
	fprintf(file, "\n%s, %" PRId64 " -> %" PRId64 " (%+" PRId64 "): %s\n",
		diff_change_name(entry->change), entry->old_count, entry->new_count,
		diff_growth(entry), diff_group(entry)->sentence);
	return stack_text_put(entry->new_count ? diff->new : diff->old, diff_group(entry), options,
			      file);
}

int diff_write_text(const struct diff *diff, const struct export_options *options, FILE *file)
{
	size_t counts[DIFF_CHANGES];
	int error = 0;

	put_side("old", diff->old, file);
	put_side("new", diff->new, file);
	put_notes(diff, file);
	diff_tally(diff, counts);
	fprintf(file, "stacks: %zu new, %zu grown, %zu shrunk, %zu gone, %zu the same\n",
		counts[DIFF_NEW], counts[DIFF_GROWN], counts[DIFF_SHRUNK], counts[DIFF_GONE],
		counts[DIFF_SAME]);
	for (size_t i = 0; i < diff->count && error == 0; i++)
		if (diff->entries[i].change != DIFF_SAME)
			error = put_entry(diff, &diff->entries[i], options, file);
	return error;
}
