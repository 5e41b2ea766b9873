// SPDX-License-Identifier: MIT
/*
 * Limits on the peak: --max-peak and --max-peak-group. A snapshot may know only an upper bound of a
 * peak, because the ptrace engine does not see closes. A limit below the bound is then neither kept
 * nor broken.
 */
#include <inttypes.h>
#include <stdio.h>

#include "limits_check.h"

static void say_no_peak(struct check *check, const char *option)
{
	limits_say(check, LIMITS_UNKNOWN,
		   "%s: the snapshot does not say how many were open at once%s", option,
		   check->snapshot->traced ? "" : ": the process was not traced");
}

/* Whether the peaks include kinds that don't count: then it is an upper bound. */
static bool counts_other_kinds(const struct check *check)
{
	return (check->limits->kinds & KIND_ALL) != KIND_ALL;
}

/* Writes the line about a peak above the limit. */
static void say_peak(struct check *check, const char *option, int64_t peak, const char *of)
{
	const char *were = peak == 1 ? "was" : "were";

	if (counts_other_kinds(check))
		limits_say(check, LIMITS_UNKNOWN,
			   "%s: %" PRId64
			   "%s %s open at once, but of all kinds; the number of those in --kinds "
			   "is not known",
			   option, peak, of, were);
	else if (check->snapshot->peak_at_most)
		limits_say(check, LIMITS_UNKNOWN,
			   "%s: at most %" PRId64 "%s %s open at once, perhaps fewer", option, peak,
			   of, were);
	else
		limits_say(check, LIMITS_BROKEN, "%s: %" PRId64 "%s %s open at once", option, peak,
			   of, were);
}

static void check_peak(struct check *check)
{
	const struct model_snapshot *snapshot = check->snapshot;
	int64_t limit = check->limits->peak;
	char option[48];

	snprintf(option, sizeof(option), "--max-peak %" PRId64, limit);
	if (!snapshot->traced || snapshot->peak == MODEL_UNKNOWN)
		say_no_peak(check, option);
	else if (snapshot->peak > limit)
		say_peak(check, option, snapshot->peak, "");
}

static void check_peak_percent(struct check *check)
{
	const struct model_snapshot *snapshot = check->snapshot;
	int64_t percent = check->limits->peak_percent;
	char option[48], of[48];

	snprintf(option, sizeof(option), "--max-peak %" PRId64 "%%", percent);
	if (!snapshot->traced || snapshot->peak_all == MODEL_UNKNOWN) {
		say_no_peak(check, option);
		return;
	}
	if (snapshot->limit == MODEL_UNKNOWN) {
		limits_say(check, LIMITS_UNKNOWN, "%s: the process' limit is not known", option);
		return;
	}
	/* In floating point, because the numbers in a text can be anything. */
	if ((double)snapshot->peak_all * 100 <= (double)percent * (double)snapshot->limit)
		return;
	snprintf(of, sizeof(of), " of %" PRId64, snapshot->limit);
	say_peak(check, option, snapshot->peak_all, of);
}

/* Totals of the stacks that had more open at once than the limit. */
struct over {
	int64_t broken, most; /* their number, and the highest peak */
	int64_t unknown;      /* the highest peak that may be over the limit */
};

static bool is_over(const struct check *check, const struct model_group *stack, struct over *over)
{
	if (stack->suppressed || limits_is_inherited(stack) ||
	    stack->peak <= check->limits->peak_group)
		return false;
	if (stack->peak_at_most || counts_other_kinds(check)) {
		over->unknown = stack->peak > over->unknown ? stack->peak : over->unknown;
		return false;
	}
	over->broken++;
	over->most = stack->peak > over->most ? stack->peak : over->most;
	return true;
}

static void check_peak_group(struct check *check)
{
	struct model_snapshot *snapshot = check->snapshot;
	int64_t limit = check->limits->peak_group;
	struct over over = {0};

	if (!snapshot->traced || snapshot->peak == MODEL_UNKNOWN) {
		say_no_peak(check, "--max-peak-group");
		return;
	}
	for (size_t i = 0; i < model_stacked_count(snapshot); i++) {
		struct model_group *group = model_stacked(snapshot, i);

		/* The peaks of several stacks can't be added, so each is checked. */
		for (size_t j = 0; j < group->part_count; j++)
			group->broken |= is_over(check, group->parts[j], &over);
		if (!group->part_count)
			group->broken |= is_over(check, group, &over);
	}
	if (over.broken)
		limits_say(check, LIMITS_BROKEN,
			   "--max-peak-group %" PRId64 ": %" PRId64
			   " stack%s had more open at once, up to %" PRId64,
			   limit, over.broken, over.broken == 1 ? "" : "s", over.most);
	else if (over.unknown)
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-peak-group %" PRId64 ": a stack had at most %" PRId64
			   " open at once, perhaps fewer",
			   limit, over.unknown);
	else if (snapshot->unlisted_stacks > 0 && snapshot->unlisted_most > limit)
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-peak-group %" PRId64 ": %" PRId64 " stack%s, with up to %" PRId64
			   " open at once, are not listed in the snapshot%s",
			   limit, snapshot->unlisted_stacks,
			   snapshot->unlisted_stacks == 1 ? "" : "s", snapshot->unlisted_most,
			   snapshot->peak_count ? "" : " (FDTRAIL_PEAKS=1 lists them)");
}

void limits_check_peaks(struct check *check)
{
	if (check->limits->peak >= 0)
		check_peak(check);
	if (check->limits->peak_percent >= 0)
		check_peak_percent(check);
	if (check->limits->peak_group >= 0)
		check_peak_group(check);
}
