// SPDX-License-Identifier: MIT
/*
 * The first lines of a report: the process, the number of descriptors, the group to look at first,
 * the time, and how near the limit is.
 */
#include "text_summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "tools/model/escape.h"
#include "heading.h"
#include "page.h"
#include "report.h"
#include "text_misuses.h"

enum { CONTINUED = 2 }; /* extra indent of continuation lines */

static int64_t shown_groups(const struct model_snapshot *snapshot)
{
	int64_t groups = 0;

	for (size_t i = 0; i < snapshot->group_count; i++)
		groups += snapshot->groups[i].origin != MODEL_INHERITED;
	return groups;
}

int64_t text_summary_descriptors(const struct model_snapshot *snapshot)
{
	int64_t count = 0;

	for (size_t i = 0; i < snapshot->group_count; i++)
		if (snapshot->groups[i].origin != MODEL_INHERITED)
			count = model_add(count, snapshot->groups[i].count);
	return count;
}

/* Why there are no groups to show. */
static char *nothing(const struct model_snapshot *snapshot, const struct report_options *options)
{
	if (snapshot->unread) {
		char *why = page_safe_written(snapshot->unread);
		char *text = page_format("its open descriptors are not known: %s", why);

		free(why);
		return text;
	}
	if (options->filtered)
		return page_format("%s", "nothing matches the filters");
	if (snapshot->unclosed > 0)
		return page_format("%" PRId64 " unclosed %s, but the file has no groups",
				   snapshot->unclosed,
				   page_plural(snapshot->unclosed, "descriptor", "descriptors"));
	if (!snapshot->whole && snapshot->unclosed == MODEL_UNKNOWN)
		return page_format("%s", "the snapshot is cut off before its groups");
	return page_format("%s", "nothing is unclosed");
}

static void put_first_line(const struct page *page, const struct model_snapshot *snapshot,
			   const struct report_options *options)
{
	char *name = page_process(snapshot);
	int64_t count = text_summary_descriptors(snapshot), groups = shown_groups(snapshot);
	const char *origin = snapshot->attached >= 0 && snapshot->forked < 0
				     ? "open before fdtrail came"
				     : "inherited";
	char *inherited = snapshot->inherited > 0
				  ? page_format("; %" PRId64 " %s", snapshot->inherited, origin)
				  : page_format("%s", "");

	if (!count) {
		char *why = nothing(snapshot, options);

		page_linef(page, 0, CONTINUED, PAGE_STRONG, "%s: %s%s", name, why, inherited);
		free(why);
	} else {
		page_linef(page, 0, CONTINUED, PAGE_STRONG,
			   "%s: %" PRId64 " %s%s in %" PRId64 " %s%s", name, count,
			   snapshot->traced ? "unclosed " : "",
			   page_plural(count, "descriptor", "descriptors"), groups,
			   page_plural(groups, "group", "groups"), inherited);
	}
	free(name);
	free(inherited);
}

static void put_when(const struct page *page, const struct model_snapshot *snapshot)
{
	const char *uptime = model_field(snapshot, "uptime");
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return;
	if (snapshot->number != MODEL_UNKNOWN)
		fprintf(out, "snapshot %" PRId64 ", ", snapshot->number);
	if (snapshot->when)
		escape_put(out, snapshot->when);
	if (uptime) {
		char *safe = page_safe_written(uptime);

		fprintf(out, ", %s after the start", safe);
		free(safe);
	}
	if (snapshot->why) {
		fputs(": ", out);
		escape_put(out, snapshot->why);
	}
	fclose(out);
	page_line(page, CONTINUED, CONTINUED, PAGE_PLAIN, text);
	free(text);
}

/* Writes the limit that was reached, if a call that found no descriptor has caused the snapshot. */
static void put_limit_reached(const struct page *page, const struct model_snapshot *snapshot)
{
	const char *limit = model_field(snapshot, "limit reached");
	char *safe = limit ? page_safe_written(limit) : NULL;

	if (safe)
		page_linef(page, CONTINUED, CONTINUED, PAGE_WARNING, "limit reached: %s", safe);
	free(safe);
}

static void put_limit(const struct page *page, const struct model_snapshot *snapshot)
{
	bool crowded;

	if (snapshot->open == MODEL_UNKNOWN)
		return;
	if (snapshot->limit == MODEL_UNKNOWN || snapshot->limit == INT64_MAX) {
		page_linef(page, CONTINUED, CONTINUED, PAGE_PLAIN, "%" PRId64 " %s open, %s",
			   snapshot->open,
			   page_plural(snapshot->open, "descriptor is", "descriptors are"),
			   snapshot->limit == INT64_MAX ? "no limit" : "the limit is not known");
		return;
	}
	/* Descriptors that were inherited, or opened before the limit was lowered, may exceed
	 * it. */
	if (snapshot->open > snapshot->limit) {
		page_linef(page, CONTINUED, CONTINUED, PAGE_WARNING,
			   "%" PRId64 " descriptors are open; the limit is %" PRId64
			   ", where open() and accept() fail (EMFILE)",
			   snapshot->open, snapshot->limit);
		return;
	}
	/* At least four fifths of the limit. */
	crowded = snapshot->open >= snapshot->limit - snapshot->limit / 5;
	page_linef(page, CONTINUED, CONTINUED, crowded ? PAGE_WARNING : PAGE_PLAIN,
		   "%" PRId64 " of %" PRId64 " descriptors are open%s", snapshot->open,
		   snapshot->limit,
		   !crowded ? ""
		   : snapshot->open < snapshot->limit
			   ? ": near the limit, where open() and accept() fail (EMFILE)"
			   : ": open() and accept() fail (EMFILE)");
}

bool text_summary_may_leak(const struct model_group *group)
{
	return group->origin == MODEL_OPENED || group->origin == MODEL_UNTRACED;
}

const struct model_group *text_summary_first(const struct model_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->group_count; i++)
		if (text_summary_may_leak(&snapshot->groups[i]))
			return &snapshot->groups[i];
	return NULL;
}

enum text_suspicion text_summary_suspicion(const struct model_group *group)
{
	if (!text_summary_may_leak(group))
		return TEXT_NOTHING;
	return group->has_growth && group->growth > 0 ? TEXT_GROWING
	       : model_in_state(group, "CLOSE_WAIT")  ? TEXT_CLOSE_WAIT
						      : TEXT_NOTHING;
}

static char *growth(const struct model_group *group)
{
	if (!group->has_growth || group->growth == 0)
		return page_format("%s", "");
	return page_format(" (%+" PRId64 " since the last snapshot)", group->growth);
}

void report_summary(FILE *file, const struct model_snapshot *snapshot,
		    const struct report_options *options)
{
	static const char *const words[] = {
		[TEXT_NOTHING] = "look first at",
		[TEXT_CLOSE_WAIT] = "likeliest leak",
		[TEXT_GROWING] = "growing",
	};
	const struct model_group *group = text_summary_first(snapshot);
	struct page page;

	page_open(&page, file, options->width, options->colour);
	put_first_line(&page, snapshot, options);
	if (group) {
		char *heading = heading_of(&page, group), *more = growth(group);

		page_linef(&page, CONTINUED, CONTINUED, PAGE_PLAIN, "%s: %s%s",
			   words[text_summary_suspicion(group)], heading, more);
		free(heading);
		free(more);
	}
	char *misuses = text_misuses_sentence(snapshot);
	if (misuses)
		page_linef(&page, CONTINUED, CONTINUED, PAGE_WARNING, "wrong closes: %s", misuses);
	free(misuses);
	put_when(&page, snapshot);
	put_limit_reached(&page, snapshot);
	put_limit(&page, snapshot);
	page_close(&page);
}
