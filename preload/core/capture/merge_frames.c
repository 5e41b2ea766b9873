// SPDX-License-Identifier: MIT
/*
 * See merge_frames.h. The language's frames come in runs, each of which runs in one native frame. A
 * run is inserted in place of that frame.
 */
#include "merge_frames.h"

struct merging {
	const struct merge *merge;
	uint32_t next; /* the first language frame that is not inserted yet */
	frame_t *into;
	uint32_t count, room;
};

static bool put(struct merging *merging, frame_t frame)
{
	if (merging->count == merging->room)
		return false;
	merging->into[merging->count++] = frame;
	return true;
}

/* Inserts the next run. */
static bool put_run(struct merging *merging)
{
	const struct merge *merge = merging->merge;

	while (merging->next < merge->count) {
		uint32_t at = merging->next++;

		if (!put(merging, merge->names[at]))
			return false;
		if (merge->frames[at].flags & LANGUAGE_ENTRY)
			break;
	}
	return true;
}

/* Whether the stack address lies in the native frame of that number. The last one reaches to the
 * stack's end; if the walk has ended early, it isn't known how far. */
static bool lies_in(const struct merge *merge, uint32_t at, uintptr_t stack)
{
	return stack >= merge->sps[at] &&
	       (at + 1 < merge->native_count ? stack < merge->sps[at + 1]
					     : merge->native_end == STACK_COMPLETE);
}

static bool lies_in_later(const struct merge *merge, uint32_t at, uintptr_t stack)
{
	while (++at < merge->native_count)
		if (lies_in(merge, at, stack))
			return true;
	return false;
}

/* Inserts the runs that belong to the native frame of that number. *taken: whether there was one.
 * False: no room. */
static bool put_runs(struct merging *merging, uint32_t at, bool loop, bool *taken)
{
	const struct merge *merge = merging->merge;

	*taken = false;
	while (merging->next < merge->count) {
		uintptr_t stack = merge->frames[merging->next].stack;

		/* A run whose place is in no native frame follows the run before it. */
		if (!stack ? !loop || *taken
			   : !lies_in(merge, at, stack) &&
				     (!merging->next || lies_in_later(merge, at, stack)))
			break;
		if (!put_run(merging))
			return false;
		*taken = true;
	}
	return true;
}

uint32_t merge_frames(const struct merge *merge, frame_t *into, uint32_t room, enum stack_end *end)
{
	struct merging merging = {.merge = merge, .into = into, .room = room};
	uint8_t flags = merge->count ? merge->frames[merge->count - 1].flags : 0;
	bool more = flags & (LANGUAGE_MORE | LANGUAGE_UNREAD), fits = true;

	for (uint32_t at = 0; at < merge->native_count && fits; at++) {
		bool loop = merge->is_loop(merge->data, merge->pcs[at]), taken;

		fits = put_runs(&merging, at, loop, &taken);
		if (more && merging.next == merge->count)
			break; /* the frames that are missing come before the next native one */
		if (fits && !loop && !taken)
			fits = put(&merging, merge->native[at]);
	}
	/* The native walk has ended early; the language knows the rest. */
	if (fits && merging.next < merge->count) {
		while (fits && merging.next < merge->count)
			fits = put_run(&merging);
		if (*end == STACK_NO_UNWIND)
			*end = STACK_COMPLETE;
	}
	if (!fits || more)
		*end = fits && flags & LANGUAGE_UNREAD ? STACK_UNREAD : STACK_DEEPER;
	return merging.count;
}
