// SPDX-License-Identifier: MIT
/*
 * See limits.h. A number is compared only if the snapshot has it. Missing data is reported, and
 * never counts as zero.
 */
#include "limits.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tools/diff/diff.h"
#include "tools/report/page.h"
#include "limits_check.h"

bool limits_any(const struct limits *limits)
{
	return limits->close_wait >= 0 || limits->open >= 0 || limits->group >= 0 ||
	       limits->growth >= 0 || limits->age >= 0 || limits->inheritable >= 0 ||
	       limits_need_snapshot(limits);
}

bool limits_need_snapshot(const struct limits *limits)
{
	return limits->misuse >= 0 || limits->peak >= 0 || limits->peak_percent >= 0 ||
	       limits->peak_group >= 0;
}

void limits_say(struct check *check, enum limits_verdict verdict, const char *format, ...)
{
	va_list arguments;
	char *process;

	if (verdict > check->verdict)
		check->verdict = verdict;
	if (!check->file)
		return;
	process = page_process(check->snapshot);
	fprintf(check->file, "%s: ", process);
	free(process);
	va_start(arguments, format);
	vfprintf(check->file, format, arguments);
	va_end(arguments);
	fputc('\n', check->file);
}

static bool is_wanted(const struct check *check, enum kind kind)
{
	return check->limits->kinds & KIND_BIT(kind);
}

/* Whether descriptors of the group may count. */
static bool counts(const struct check *check, const struct model_group *group)
{
	return !group->suppressed && !limits_is_inherited(group) && group->count > 0 &&
	       (group->kind == KIND_COUNT || is_wanted(check, group->kind));
}

typedef int64_t counting(const struct check *check, const struct model_group *group, bool *exact);

/* Sums over the groups of a finding, each of which has one kind. */
static int64_t count_parts(const struct check *check, const struct model_group *finding,
			   counting *count, bool *exact)
{
	int64_t sum = 0;

	*exact = true;
	for (size_t i = 0; i < finding->part_count; i++) {
		bool part_exact;

		sum = model_add(sum, count(check, finding->parts[i], &part_exact));
		*exact &= part_exact;
	}
	return sum;
}

/* The number of the group's descriptors whose kinds count. In a group of several kinds only the
 * listed descriptors have a kind; *exact is false if there are others. */
static int64_t count_of(const struct check *check, const struct model_group *group, bool *exact)
{
	int64_t count = 0;

	if (group->part_count)
		return count_parts(check, group, count_of, exact);
	*exact = true;
	if (group->kind != KIND_COUNT && !is_wanted(check, group->kind))
		return 0;
	if (group->kind != KIND_COUNT || (check->limits->kinds & KIND_ALL) == KIND_ALL)
		return group->count;
	for (size_t i = 0; i < group->descriptor_count; i++)
		count += is_wanted(check, group->descriptors[i].kind);
	*exact = (int64_t)group->descriptor_count == group->count;
	return count;
}

static int64_t close_wait_of(const struct check *check, const struct model_group *group,
			     bool *exact)
{
	int64_t count = 0;

	if (group->part_count)
		return count_parts(check, group, close_wait_of, exact);
	*exact = true;
	if (group->kind != KIND_COUNT)
		return group->kind == KIND_TCP && is_wanted(check, KIND_TCP)
			       ? model_in_state(group, "CLOSE_WAIT")
			       : 0;
	if (!is_wanted(check, KIND_TCP))
		return 0;
	for (size_t i = 0; i < group->descriptor_count; i++)
		count += group->descriptors[i].state &&
			 strcmp(group->descriptors[i].state, "CLOSE_WAIT") == 0;
	*exact = (int64_t)group->descriptor_count == group->count;
	return count;
}

/* Whether a descriptor may be a TCP socket in CLOSE_WAIT, by what the snapshot says of it. */
static bool may_wait(const struct model_group *group, const struct model_descriptor *descriptor)
{
	/* In an untraced process 0, 1 and 2 count as inherited unless they are sockets. */
	if (limits_is_inherited(group))
		return descriptor->fd <= 2 && descriptor->kind == KIND_OTHER && !descriptor->what;
	if (descriptor->kind == KIND_SOCKET) /* of no known protocol */
		return !descriptor->protocol || strcmp(descriptor->protocol, "socket") == 0;
	return group->kind == KIND_COUNT && descriptor->kind == KIND_TCP && !descriptor->state;
}

/* The number of the group's descriptors that may be in CLOSE_WAIT or not. */
static int64_t stateless_of(const struct check *check, const struct model_group *group)
{
	int64_t count = 0;

	if (group->suppressed || !is_wanted(check, KIND_TCP))
		return 0;
	for (size_t i = 0; i < group->part_count; i++)
		count = model_add(count, stateless_of(check, group->parts[i]));
	if (group->part_count)
		return count;
	if (group->kind == KIND_TCP && !limits_is_inherited(group)) {
		count = group->count;
		for (size_t i = 0; i < group->state_count; i++)
			count -= group->states[i].count;
		return count > 0 ? count : 0;
	}
	for (size_t i = 0; i < group->descriptor_count; i++)
		count += may_wait(group, &group->descriptors[i]);
	return count;
}

/* Checks the sum over all groups: of descriptors in CLOSE_WAIT, or of all. */
static void check_sum(struct check *check, int64_t limit, const char *option, const char *what,
		      bool close_wait)
{
	int64_t sum = 0, stateless = 0;
	bool all_exact = true;

	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		struct model_group *group = &check->snapshot->groups[i];
		bool exact;

		if (close_wait)
			stateless = model_add(stateless, stateless_of(check, group));
		if (!counts(check, group))
			continue;
		sum = model_add(sum, close_wait ? close_wait_of(check, group, &exact)
						: count_of(check, group, &exact));
		all_exact &= exact;
	}
	if (sum <= limit) {
		if (!all_exact)
			limits_say(check, LIMITS_UNKNOWN,
				   "%s: the snapshot does not list all descriptors, so their kinds "
				   "are not known",
				   option);
		if (model_add(sum, stateless) > limit)
			limits_say(check, LIMITS_UNKNOWN,
				   "%s %" PRId64 ": the states of %" PRId64
				   " descriptor%s are not known",
				   option, limit, stateless, stateless == 1 ? "" : "s");
		return;
	}
	limits_say(check, LIMITS_BROKEN, "%s %" PRId64 ": %" PRId64 " %s", option, limit, sum,
		   what);
	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		struct model_group *group = &check->snapshot->groups[i];
		bool exact;

		if (counts(check, group) &&
		    (!close_wait || close_wait_of(check, group, &exact) > 0))
			group->broken = true;
	}
}

static void check_group(struct check *check)
{
	int64_t limit = check->limits->group, most = 0, broken = 0, unknown = 0;

	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		struct model_group *group = &check->snapshot->groups[i];
		bool exact;
		int64_t count = counts(check, group) ? count_of(check, group, &exact) : 0;

		if (count <= limit)
			continue;
		/* Descriptors without a stack share a group only because of that. */
		if (!group->stack_count) {
			unknown = model_add(unknown, count);
			continue;
		}
		group->broken = true;
		broken++;
		most = count > most ? count : most;
	}
	if (broken)
		limits_say(check, LIMITS_BROKEN,
			   "--max-group %" PRId64 ": %" PRId64 " group%s more, up to %" PRId64,
			   limit, broken, broken == 1 ? " has" : "s have", most);
	else if (unknown)
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-group %" PRId64 ": the stacks of %" PRId64
			   " descriptors are not known%s",
			   limit, unknown,
			   check->snapshot->traced ? "" : ": the process was not traced");
}

/* The age of the oldest descriptor, from the heading or else from the listed ones; < 0: not known.
 * *exact is false if an older one may exist. */
static double age_of(const struct check *check, const struct model_group *group, bool *exact)
{
	double most = -1;

	*exact = true;
	for (size_t i = 0; i < group->part_count; i++) {
		bool part_exact;
		double age = age_of(check, group->parts[i], &part_exact);

		*exact &= part_exact;
		most = age > most ? age : most;
	}
	if (group->part_count || (group->kind != KIND_COUNT && !is_wanted(check, group->kind)))
		return most;
	if (group->kind != KIND_COUNT && group->age_most >= 0)
		return group->age_most;
	if ((int64_t)group->descriptor_count != group->count)
		*exact = false;
	for (size_t i = 0; i < group->descriptor_count; i++) {
		const struct model_descriptor *descriptor = &group->descriptors[i];

		if (!is_wanted(check, descriptor->kind))
			continue;
		if (descriptor->age < 0)
			*exact = false;
		else if (descriptor->age > most)
			most = descriptor->age;
	}
	return most;
}

static void check_age(struct check *check)
{
	double limit = check->limits->age, most = -1;
	int64_t broken = 0, unknown = 0;

	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		struct model_group *group = &check->snapshot->groups[i];
		bool exact;
		double age;

		if (!counts(check, group))
			continue;
		age = age_of(check, group, &exact);
		/* Descriptors that the program opened can't be older than the program. */
		if (age <= limit && !exact && group->origin != MODEL_UNTRACED &&
		    check->snapshot->uptime >= 0 && check->snapshot->uptime <= limit)
			exact = true;
		if (age > limit) {
			group->broken = true;
			broken++;
			most = age > most ? age : most;
		} else if (!exact) {
			unknown = model_add(unknown, group->count);
		}
	}
	if (broken)
		limits_say(
			check, LIMITS_BROKEN,
			"--max-age %g: %" PRId64 " group%s older, up to %g seconds", limit, broken,
			broken == 1 ? " has descriptors that are" : "s have descriptors that are",
			most);
	else if (unknown)
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-age %g: the ages of %" PRId64 " descriptor%s are not known%s",
			   limit, unknown, unknown == 1 ? "" : "s",
			   check->snapshot->traced ? "" : ": the process was not traced");
}

/* Checks the growth that the tracer itself has counted, which every snapshot except the first one
 * has. */
static void check_own_growth(struct check *check, int64_t *broken, int64_t *most)
{
	bool known = true;

	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		struct model_group *group = &check->snapshot->groups[i];

		if (!counts(check, group))
			continue;
		known &= group->has_growth;
		if (!group->has_growth || group->growth <= check->limits->growth)
			continue;
		group->broken = true;
		++*broken;
		*most = group->growth > *most ? group->growth : *most;
	}
	if (!*broken && !known)
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-growth %" PRId64 ": there is no earlier snapshot to compare with",
			   check->limits->growth);
}

/* Marks the groups of the new snapshot. */
static void mark_new(const struct diff_entry *entry)
{
	for (size_t i = 0; i < entry->member_count; i++)
		if (entry->members[i].is_new)
			entry->members[i].group->broken = true;
}

/* A finding breaks a limit if any of its groups does. */
static void mark_findings(struct model_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->group_count; i++)
		for (size_t j = 0; j < snapshot->groups[i].part_count; j++)
			snapshot->groups[i].broken |= snapshot->groups[i].parts[j]->broken;
}

static void check_growth(struct check *check, struct model_snapshot *before)
{
	int64_t broken = 0, most = 0;
	struct diff *diff;

	if (!before) {
		check_own_growth(check, &broken, &most);
	} else {
		diff = diff_create(before, check->snapshot);
		for (size_t i = 0; i < diff->count; i++) {
			const struct diff_entry *entry = &diff->entries[i];

			if (diff_growth(entry) <= check->limits->growth ||
			    !counts(check, diff_group(entry)))
				continue;
			mark_new(entry);
			broken++;
			most = diff_growth(entry) > most ? diff_growth(entry) : most;
		}
		diff_destroy(diff);
		mark_findings(check->snapshot);
	}
	if (broken)
		limits_say(check, LIMITS_BROKEN,
			   "--max-growth %" PRId64 ": %" PRId64
			   " group%s grown more, by up to %" PRId64,
			   check->limits->growth, broken, broken == 1 ? " has" : "s have", most);
}

/* A descriptor whose name could not be read may be of any kind, and in any state. */
static void check_kinds(struct check *check)
{
	int64_t unknown = 0;

	if (check->limits->close_wait < 0 && is_wanted(check, KIND_OTHER))
		return;
	for (size_t i = 0; i < check->snapshot->group_count; i++) {
		const struct model_group *group = &check->snapshot->groups[i];

		if (group->suppressed || limits_is_inherited(group))
			continue;
		for (size_t j = 0; j < group->descriptor_count; j++)
			unknown += group->descriptors[j].kind == KIND_OTHER &&
				   !group->descriptors[j].what;
	}
	if (unknown)
		limits_say(check, LIMITS_UNKNOWN,
			   "the kinds of %" PRId64 " descriptor%s are not known", unknown,
			   unknown == 1 ? "" : "s");
}

/* Checks whether the snapshot itself is complete. */
static void check_whole(struct check *check)
{
	const char *kinds = model_field(check->snapshot, "kinds"), *bad;
	uint64_t listed;
	size_t bad_length;
	int64_t count = 0;

	for (size_t i = 0; i < check->snapshot->group_count; i++)
		if (!limits_is_inherited(&check->snapshot->groups[i]))
			count = model_add(count, check->snapshot->groups[i].count);
	if (check->snapshot->whole && check->snapshot->unclosed >= 0 &&
	    check->snapshot->unclosed != count)
		limits_say(check, LIMITS_UNKNOWN,
			   "lines of the snapshot are lost: its groups have %" PRId64 " of %" PRId64
			   " unclosed descriptors",
			   count, check->snapshot->unclosed);
	if (check->snapshot->unread) {
		char *why = page_safe_written(check->snapshot->unread);

		limits_say(check, LIMITS_UNKNOWN, "its open descriptors are not known: %s", why);
		free(why);
	}
	if (!check->snapshot->whole)
		limits_say(check, LIMITS_UNKNOWN, "the snapshot is cut off: its end is missing");
	if (check->snapshot->mixed)
		limits_say(check, LIMITS_UNKNOWN,
			   "lines of several snapshots are mixed in the file");
	if (kinds && kind_parse(kinds, &listed, &bad, &bad_length) &&
	    (check->limits->kinds & KIND_ALL & ~listed))
		limits_say(check, LIMITS_UNKNOWN,
			   "the snapshot has only some kinds (FDTRAIL_KINDS=%s)", kinds);
}

/* Suppressed misuses don't count. Those that the snapshot could not list do. */
static void check_misuse(struct check *check)
{
	const struct model_snapshot *snapshot = check->snapshot;
	int64_t limit = check->limits->misuse, count = snapshot->misuse_total, suppressed = 0;

	if (count == MODEL_UNKNOWN) {
		limits_say(check, LIMITS_UNKNOWN,
			   "--max-misuse: nobody has looked for wrong closes%s",
			   snapshot->traced ? " (FDTRAIL_MISUSE, FDTRAIL_CLOSERS; ptrace can't)"
					    : ": the process was not traced");
		return;
	}
	for (size_t i = 0; i < snapshot->misuse_count; i++)
		if (snapshot->misuses[i].of.suppressed)
			suppressed = model_add(suppressed, snapshot->misuses[i].times);
	count -= suppressed < count ? suppressed : count;
	for (size_t i = 0; i < snapshot->misuse_count; i++)
		snapshot->misuses[i].of.broken =
			count > limit && !snapshot->misuses[i].of.suppressed;
	if (count > limit)
		limits_say(check, LIMITS_BROKEN,
			   "--max-misuse %" PRId64 ": %" PRId64 " wrong %s, or %s after a close",
			   limit, count, count == 1 ? "close" : "closes",
			   count == 1 ? "use" : "uses");
}

enum limits_verdict limits_check(const struct limits *limits, struct model_snapshot *snapshot,
				 struct model_snapshot *before, FILE *file)
{
	struct check check = {.limits = limits, .snapshot = snapshot, .file = file};

	if (limits->close_wait >= 0)
		check_sum(&check, limits->close_wait, "--max-close-wait", "in CLOSE_WAIT", true);
	if (limits->open >= 0)
		check_sum(&check, limits->open, "--max-open", "open", false);
	if (limits->group >= 0)
		check_group(&check);
	if (limits->growth >= 0)
		check_growth(&check, before);
	limits_check_peaks(&check);
	if (limits->misuse >= 0)
		check_misuse(&check);
	if (limits->age >= 0)
		check_age(&check);
	if (limits->inheritable >= 0)
		limits_check_inheritable(&check);
	check_kinds(&check);
	check_whole(&check);
	return check.verdict;
}
