// SPDX-License-Identifier: MIT
/* See filter.h. Counts are made again from what is left. The totals of the opening stack stay,
 * because they are the stack's. */
#include "filter.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "preload/core/snapshot/socket_state.h"
#include "tools/model/stack_lines.h"
#include "tools/symbolize/demangle.h"
#include "heading.h"

static size_t word_length(const char *list)
{
	return strcspn(list, ",");
}

bool filter_check_states(const char *states, const char **bad, size_t *bad_length)
{
	for (const char *word = states;; word++) {
		size_t length = word_length(word);
		bool known = false;

		for (unsigned int state = 0; state < TCP_STATE_COUNT && !known; state++) {
			const char *name = socket_state_name(state);

			known = name && strlen(name) == length &&
				strncasecmp(name, word, length) == 0;
		}
		if (!known) {
			*bad = word;
			*bad_length = length;
			return false;
		}
		word += length;
		if (!*word)
			return true;
	}
}

static bool in_states(const char *states, const char *state)
{
	for (const char *word = states; state; word++) {
		size_t length = word_length(word);

		if (strlen(state) == length && strncasecmp(state, word, length) == 0)
			return true;
		word += length;
		if (!*word)
			break;
	}
	return false;
}

bool filter_matches(const char *pattern, const char *name)
{
	char *without;
	bool fits;

	if (!strpbrk(pattern, "*?["))
		return strstr(name, pattern) != NULL;
	if (fnmatch(pattern, name, FNM_NOESCAPE) == 0)
		return true;
	/* "app::fetch*status" must match "app::fetch_status(int)". */
	without = strdup(name);
	char *parameters = without ? strrchr(without, '(') : NULL;
	if (parameters && parameters > without)
		*parameters = '\0';
	fits = parameters && fnmatch(pattern, without, FNM_NOESCAPE) == 0;
	free(without);
	return fits;
}

static bool function_in(const char *pattern, const struct model_group *group)
{
	char text[DEMANGLE_TEXT_MAX];

	for (size_t s = 0; s < group->stack_count; s++)
		for (const struct model_stack *stack = &group->stacks[s]; stack;
		     stack = stack->created_by)
			for (size_t f = 0; f < stack->frame_count; f++) {
				const struct model_frame *frame = &stack->frames[f];
				size_t count = frame->location_count ? frame->location_count : 1;

				for (size_t i = 0; i < count; i++) {
					const char *name = frame_function(frame, i);

					if (name && filter_matches(pattern, demangle(name, text)))
						return true;
				}
			}
	return false;
}

static bool path_in(const char *pattern, const struct model_descriptor *descriptor)
{
	const char *const names[] = {descriptor->what, descriptor->local, descriptor->peer};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i] && filter_matches(pattern, names[i]))
			return true;
	return false;
}

static bool wanted(const struct filter *filter, const struct model_descriptor *descriptor)
{
	if (!(filter->kinds & KIND_BIT(descriptor->kind)))
		return false;
	if (filter->states && !in_states(filter->states, descriptor->state))
		return false;
	/* A descriptor without an age was open before the tracer started, so it is the oldest. */
	if (filter->min_age > 0 && descriptor->age >= 0 && descriptor->age < filter->min_age)
		return false;
	if (filter->max_age > 0 && (descriptor->age < 0 || descriptor->age > filter->max_age))
		return false;
	if (filter->inheritable && !model_is_inheritable(descriptor))
		return false;
	return !filter->path || path_in(filter->path, descriptor);
}

/* Whether the filter needs each descriptor's line in this group. */
static bool needs_lines(const struct filter *filter, const struct model_group *group)
{
	return filter->min_age > 0 || filter->max_age > 0 || filter->path || filter->inheritable ||
	       (group->kind == KIND_COUNT && filter->kinds != KIND_ALL);
}

static void count_states(const struct filter *filter, struct model_group *group, bool from_lines)
{
	size_t kept = 0;

	for (size_t i = 0; i < group->state_count; i++) {
		if (filter->states && !in_states(filter->states, group->states[i].name))
			continue;
		group->states[kept] = group->states[i];
		if (from_lines) {
			group->states[kept].count = 0;
			for (size_t d = 0; d < group->descriptor_count; d++)
				group->states[kept].count += group->descriptors[d].state &&
							     strcmp(group->descriptors[d].state,
								    group->states[i].name) == 0;
		}
		kept += group->states[kept].count != 0;
	}
	group->state_count = kept;
}

static void count_ages(struct model_snapshot *snapshot, struct model_group *group)
{
	group->age_least = group->age_most = MODEL_UNKNOWN;
	for (size_t i = 0; i < group->descriptor_count; i++) {
		double age = group->descriptors[i].age;

		if (age < 0)
			continue;
		if (group->age_least < 0 || age < group->age_least)
			group->age_least = age;
		if (age > group->age_most)
			group->age_most = age;
	}
	page_ages(snapshot, group);
}

/* Removes descriptors from a group; returns how many could not be judged. */
static int64_t filter_group(const struct filter *filter, struct model_snapshot *snapshot,
			    struct model_group *group)
{
	int64_t unjudged = 0, before = group->count;
	size_t kept = 0, listed = group->descriptor_count;
	bool by_lines = needs_lines(filter, group);

	if (group->kind != KIND_COUNT && !(filter->kinds & KIND_BIT(group->kind))) {
		group->count = 0;
		return 0;
	}
	if (!by_lines && !filter->states)
		return 0;
	for (size_t i = 0; i < listed; i++)
		if (wanted(filter, &group->descriptors[i]))
			group->descriptors[kept++] = group->descriptors[i];
	group->descriptor_count = kept;
	if (by_lines) {
		unjudged = before - (int64_t)listed;
		group->count = (int64_t)kept;
		count_states(filter, group, true);
	} else {
		/* The heading counts each state, also for descriptors that are not listed. */
		count_states(filter, group, false);
		group->count = 0;
		for (size_t i = 0; i < group->state_count; i++)
			group->count = model_add(group->count, group->states[i].count);
		if (group->count < (int64_t)kept)
			group->count = (int64_t)kept; /* unix sockets have states in their lines */
	}
	group->more = group->count - (int64_t)kept;
	if (group->count != before)
		count_ages(snapshot, group);
	return unjudged > 0 ? unjudged : 0;
}

static void write_sentence(struct model_snapshot *snapshot, struct model_group *group)
{
	char *sentence = heading_of(&(struct page){0}, group);

	group->sentence = obstack_copy0(&snapshot->memory, sentence, strlen(sentence));
	free(sentence);
}

/* Filters the peaks. A peak has functions and nothing else to judge by. */
static void filter_peaks(const struct filter *filter, struct model_snapshot *snapshot)
{
	bool others = (filter->kinds & KIND_ALL) != KIND_ALL || filter->states || filter->path ||
		      filter->inheritable || filter->min_age > 0 || filter->max_age > 0;
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->peak_count && !others; i++)
		if (!filter->function || function_in(filter->function, &snapshot->peaks[i].of))
			snapshot->peaks[kept++] = snapshot->peaks[i];
	snapshot->peak_count = kept;
	if (others || filter->function)
		snapshot->unlisted_stacks = 0;
}

/* Filters the misuses, by functions alone. */
static void filter_misuses(const struct filter *filter, struct model_snapshot *snapshot)
{
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->misuse_count; i++)
		if (!filter->function || function_in(filter->function, &snapshot->misuses[i].of))
			snapshot->misuses[kept++] = snapshot->misuses[i];
	snapshot->misuse_count = kept;
}

int64_t filter_apply(const struct filter *filter, struct model_snapshot *snapshot)
{
	int64_t unjudged = 0;
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->group_count; i++) {
		struct model_group *group = &snapshot->groups[i];
		int64_t before = group->count;

		if (filter->function && !function_in(filter->function, group))
			continue;
		unjudged = model_add(unjudged, filter_group(filter, snapshot, group));
		if (!group->count)
			continue;
		if (group->count != before)
			write_sentence(snapshot, group);
		snapshot->groups[kept++] = *group;
	}
	snapshot->group_count = kept;
	filter_peaks(filter, snapshot);
	filter_misuses(filter, snapshot);
	return unjudged;
}

void filter_say_unjudged(int64_t count, const char *prefix, FILE *file)
{
	fprintf(file,
		"%s%" PRId64 " %s left out: the snapshot does not list %s, so the filters can't "
		"judge %s\n",
		prefix, count, count == 1 ? "descriptor is" : "descriptors are",
		count == 1 ? "it" : "them", count == 1 ? "it" : "them");
}
