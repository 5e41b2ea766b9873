// SPDX-License-Identifier: MIT
/* See text_peaks.h. */
#include "text_peaks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "heading.h"

enum {
	FEW = 5,  /* peaks in a sentence, and in a short report ... */
	LOW = 10, /* ... which leaves out lower ones than this */
	INDENT = 3,
};

bool text_peak_is_held(const struct model_peak *peak)
{
	return !peak->of.suppressed && peak->until_end > 0 &&
	       peak->until_end >= peak->of.opened - peak->until_end;
}

char *text_peaks_sentence(const struct page *page, const struct model_snapshot *snapshot)
{
	const char *between = ": ";
	char *text = NULL;
	size_t size, told = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("at most ", out);
	if (snapshot->peak != MODEL_UNKNOWN)
		fprintf(out, "%" PRId64 " %s open at once", snapshot->peak,
			page_plural(snapshot->peak, "was", "were"));
	for (size_t i = 0; i < snapshot->peak_count && told < FEW; i++) {
		const struct model_peak *peak = &snapshot->peaks[i];

		if (!text_peak_is_held(peak) && !peak->of.broken)
			continue;
		char *line = heading_line(page, &peak->of);

		fprintf(out, "%s%" PRId64 " by %s", between, peak->of.peak, line ? line : "?");
		between = ", ";
		told++;
		free(line);
	}
	fclose(out);
	if (told && snapshot->peak != MODEL_UNKNOWN)
		return text;
	free(text);
	return NULL;
}

static void put_peak(const struct page *page, const struct model_peak *peak)
{
	char *line = heading_line(page, &peak->of);
	char *until = peak->until_end > 0
			      ? page_format(", %" PRId64 " of them until the end", peak->until_end)
			      : page_format("%s", "");
	char when[32];

	page_linef(page, INDENT, INDENT, PAGE_PLAIN, "%s%" PRId64 " by %s%s%s%s%s",
		   peak->of.peak_at_most ? "at most " : "", peak->of.peak, line ? line : "?",
		   peak->reached >= 0 ? ", after " : "",
		   peak->reached >= 0 ? page_duration(peak->reached, when) : "", until,
		   peak->of.suppressed ? " (suppressed)" : "");
	free(line);
	free(until);
}

void text_peaks(const struct page *page, const struct model_snapshot *snapshot, bool all)
{
	size_t shown = snapshot->peak_count;
	int64_t more = snapshot->unlisted_stacks;
	char when[32];

	/* The highest peaks come first. */
	while (!all && shown &&
	       (shown > FEW || (snapshot->peaks[shown - 1].of.peak < LOW &&
				!snapshot->peaks[shown - 1].of.broken)))
		shown--;
	if (!shown)
		return;
	more = model_add(more, (int64_t)(snapshot->peak_count - shown));
	fputc('\n', page->file);
	if (snapshot->peak == MODEL_UNKNOWN)
		page_line(page, 0, INDENT, PAGE_STRONG, "Closed by now, and open at once:");
	else
		page_linef(page, 0, INDENT, PAGE_STRONG,
			   "At most %" PRId64 " %s open at once%s%s. Closed by now:",
			   snapshot->peak, page_plural(snapshot->peak, "was", "were"),
			   snapshot->peak_reached >= 0 ? ", after " : "",
			   snapshot->peak_reached >= 0 ? page_duration(snapshot->peak_reached, when)
						       : "");
	for (size_t i = 0; i < shown; i++)
		put_peak(page, &snapshot->peaks[i]);
	if (more > 0)
		page_linef(page, INDENT, INDENT, PAGE_FAINT, "and %" PRId64 " more %s%s", more,
			   page_plural(more, "stack", "stacks"),
			   shown < snapshot->peak_count ? " (--full)" : "");
}
