// SPDX-License-Identifier: MIT
/* See pairs.h. The pairs of an opening stack are a list, in an array that grows. */
#include "pairs.h"

#include <stdlib.h>

#include "names.h"
#include "steps.h"

struct pair {
	uint32_t closer, next; /* index of the next pair; 0: none */
	long count;
	bool listed; /* the snapshot that is compared lists it */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t *heads; /* by model_key: index of the first pair; 0: none */
static struct pair *pairs;
static uint32_t pair_count = 1, pair_room;

uint32_t closer_number(const struct closer *closer)
{
	return model_keys() +
	       (uint32_t)((closer->closing * CLOSE_SITES + closer->site) * PATHS + closer->path);
}

struct closer closer_of(uint32_t number)
{
	int index = (int)(number - model_keys());

	return (struct closer){
		.closing = index / (PATHS * CLOSE_SITES),
		.site = index / PATHS % CLOSE_SITES,
		.path = index % PATHS,
	};
}

static struct pair *pair_of(int64_t opened, uint32_t closer)
{
	for (uint32_t at = heads[opened]; at; at = pairs[at].next)
		if (pairs[at].closer == closer)
			return &pairs[at];
	if (pair_count >= pair_room) {
		pair_room = pair_room ? 2 * pair_room : 4096;
		pairs = realloc(pairs, pair_room * sizeof(*pairs));
		if (!pairs)
			abort();
	}
	pairs[pair_count] = (struct pair){.closer = closer, .next = heads[opened]};
	heads[opened] = pair_count;
	return &pairs[pair_count++];
}

void pairs_add(const struct thing *thing, uint32_t closer)
{
	int64_t opened = model_key(thing);

	if (opened < 0)
		return;
	pthread_mutex_lock(&mutex);
	if (!heads)
		heads = calloc(model_keys(), sizeof(*heads));
	if (!heads)
		abort();
	pair_of(opened, closer)->count++;
	pthread_mutex_unlock(&mutex);
}

/* The pair of the opening stack whose closing stack is this one; NULL: there is none. */
static struct pair *find(int64_t opened, const struct report_stack *stack)
{
	struct names names;

	for (uint32_t at = heads ? heads[opened] : 0; at; at = pairs[at].next) {
		if (pairs[at].closer == CLOSER_UNTRACED || pairs[at].listed)
			continue;
		names_of_closer(&names, pairs[at].closer);
		if (names_differ(&names, stack->functions, stack->function_count) < 0)
			return &pairs[at];
	}
	return NULL;
}

/* Compares the stacks that are listed, the most frequent first; *least is the last one's count. */
static bool listed_agree(const struct report *report, const struct report_group *group,
			 const struct thing *thing, long *sum, long *least)
{
	for (int i = 0; i < group->closer_count; i++) {
		const struct report_stack *closer = &report->closers[group->first_closer + i];
		struct pair *pair = find(model_key(thing), closer);

		if (!pair || pair->count != closer->count || closer->count > *least) {
			discrepancy("descriptor %d (%s_%d, path %d): %ld closed by %s, of %d "
				    "functions, are %ld",
				    thing->fd, families[thing->family].name, thing->site,
				    thing->path, closer->count,
				    closer->function_count ? closer->functions[0] : "nobody",
				    closer->function_count, pair ? pair->count : 0);
			return false;
		}
		pair->listed = true;
		*sum += closer->count;
		*least = closer->count;
	}
	return true;
}

bool closers_agree(const struct report *report, const struct report_group *group,
		   const struct thing *thing)
{
	long sum = 0, least = INT64_MAX, untraced = 0, others = 0, other_stacks = 0, most = 0;

	if (outside) { /* ptrace doesn't stop at closes */
		if (group->closer_count || group->others)
			discrepancy("descriptor %d has closing stacks", thing->fd);
		return !group->closer_count && !group->others;
	}
	bool agree = listed_agree(report, group, thing, &sum, &least);

	for (uint32_t at = heads ? heads[model_key(thing)] : 0; at; at = pairs[at].next) {
		struct pair *pair = &pairs[at];

		if (pair->closer == CLOSER_UNTRACED) {
			untraced = pair->count;
		} else if (!pair->listed) {
			others += pair->count;
			other_stacks++;
			most = pair->count > most ? pair->count : most;
		}
		pair->listed = false;
	}
	model_did(DID_PAIR, group->closer_count);
	if (!agree)
		return false;
	/* Once the table of pairs is full, new pairs are in no list. */
	if (group->untraced == untraced && group->others + group->unknown == others &&
	    sum + others + untraced == group->closed &&
	    (report->closers_full ||
	     (!group->unknown && group->other_stacks == other_stacks && most <= least)))
		return true;
	discrepancy("descriptor %d (%s_%d, path %d): %ld closed, %ld at the listed stacks, %ld at "
		    "%ld others, %ld at unknown places, %ld untraced; not %ld at %ld others (the "
		    "most frequent %ld), %ld untraced",
		    thing->fd, families[thing->family].name, thing->site, thing->path,
		    group->closed, sum, group->others, group->other_stacks, group->unknown,
		    group->untraced, others, other_stacks, most, untraced);
	return false;
}
