// SPDX-License-Identifier: MIT
/* See endings.h. */
#include "endings.h"

#include <stdlib.h>

#include "../programs/frame.h"
#include "closings.h"
#include "pairs.h"
#include "steps.h"

struct call {
	void (*site)(struct ending *ending);
	struct ending *ending;
};

FRAME static void closing_site(void *data)
{
	struct call *call = data;

	call->site(call->ending);
	call->ending->fd = -1;
}

/* Chooses one of the closings for this owner, by their weights. */
static int any_closing(struct thread *thread, int owner)
{
	int sum = 0;

	for (size_t i = 0; i < closing_count; i++)
		if (closings[i].owner == owner)
			sum += closings[i].weight;
	int at = (int)random_below(&thread->random, (uint32_t)sum);
	for (size_t i = 0; i < closing_count; i++)
		if (closings[i].owner == owner && (at -= closings[i].weight) < 0)
			return (int)i;
	abort();
}

/* Closes what the ending names, at the end of a path. Returns who closed it, as a number. */
FRAME static uint32_t close_by(struct thread *thread, int owner, struct ending *ending)
{
	struct closer closer = {
		.closing = any_closing(thread, owner),
		.site = (int)random_below(&thread->random, CLOSE_SITES),
		.path = 1 + (int)random_below(&thread->random, CLOSE_PATHS),
	};
	struct call call = {closings[closer.closing].sites[closer.site], ending};

	path_walk(&paths[closer.path], closing_site, &call);
	return closer_number(&closer);
}

void close_thing(struct thread *thread, int index)
{
	const struct thing *thing = &thread->things[index];
	struct ending ending = {
		.fd = thing->fd,
		.first = (unsigned int)thing->fd,
		.last = (unsigned int)thing->fd,
		.object = thing->object,
	};

	pairs_add(thing, close_by(thread, (int)thing->owner, &ending));
	model_remove(thread, index);
}

void close_region(struct thread *thread)
{
	struct ending ending = {.first = REGION + (unsigned int)thread->slot * REGION_SIZE};
	/* No thread has numbers above the last thread's. */
	bool all = thread->slot == thread_count - 1 && random_once_in(&thread->random, 2);

	ending.last = ending.first + REGION_SIZE - 1;
	uint32_t closer = close_by(thread, all ? REGION_FROM : REGION_RANGE, &ending);
	if (ending.result != 0)
		return;
	for (int i = thread->count; i-- > 0;)
		if (in_region(&thread->things[i])) {
			pairs_add(&thread->things[i], closer);
			model_remove(thread, i);
		}
}
