// SPDX-License-Identifier: MIT
/* See peak.h. */
#include "peak.h"

#include <string.h>

#include "escape_text.h"

/* How many of a stack's descriptors were open until the process' teardown; 0: not known, or few. */
static uint32_t held(const struct snapshot_request *request, const struct stack_figures *figures)
{
	uint32_t count = request->closes_unseen ? 0 : ledger_held(request->ledger, figures);

	return count >= LEDGER_HELD_LEAST ? count : 0;
}

bool peaks_are_held(const struct snapshot_request *request)
{
	struct stack_table *stacks = &request->ledger->stacks;
	uint32_t end = atomic_load(&stacks->count);

	/* With a choice of kinds this can't be told, because stacks don't count kinds. */
	if ((request->kinds & KIND_ALL) != KIND_ALL)
		return false;
	for (uint32_t id = STACK_OVERFLOW; id < end; id++) {
		const struct stack_figures *figures = stack_table_figures(stacks, id);
		uint32_t count = figures ? held(request, figures) : 0;

		if (count &&
		    (uint64_t)count * 2 >= open_count_opened(atomic_load(&figures->count.word)))
			return true;
	}
	return false;
}

static bool has_group(const struct groups *groups, uint32_t stack)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->list[i].stack == stack && groups->list[i].class == DESCRIPTOR_OPENED)
			return true;
	return false;
}

/* The place in the list for a peak of count; PEAKS_MOST: none. */
static size_t place_of(const struct peaks *peaks, uint32_t count)
{
	size_t at = peaks->count;

	while (at > 0 && peaks->list[at - 1].count < count)
		at--;
	return at;
}

static void not_listed(struct peaks *peaks, uint32_t count)
{
	peaks->unlisted++;
	if (count > peaks->unlisted_most)
		peaks->unlisted_most = count;
}

void peaks_find(struct peaks *peaks, const struct groups *groups,
		const struct snapshot_request *request)
{
	struct stack_table *stacks = &request->ledger->stacks;
	uint32_t end = atomic_load(&stacks->count), least = request->peaks ? 1 : PEAKS_LEAST;

	peaks->count = peaks->unlisted = 0;
	peaks->unlisted_most = 0;
	for (uint32_t id = STACK_OVERFLOW; id < end; id++) {
		struct stack_figures *figures = stack_table_figures(stacks, id);
		uint32_t count = figures ? atomic_load(&figures->count.peak) : 0;
		struct peak *peak;

		size_t at = place_of(peaks, count);
		if (!count || (atomic_load(&figures->live) && has_group(groups, id)))
			continue;
		if (count < least || at == PEAKS_MOST) {
			not_listed(peaks, count);
			continue;
		}
		if (peaks->count < PEAKS_MOST)
			peaks->count++;
		else
			not_listed(peaks, peaks->list[PEAKS_MOST - 1].count);
		peak = &peaks->list[at];
		memmove(peak + 1, peak, (peaks->count - 1 - at) * sizeof(*peak));
		*peak = (struct peak){
			.count = count,
			.at = atomic_load(&figures->count.peak_at),
			.held = held(request, figures),
			.opened = open_count_opened(atomic_load(&figures->count.word)),
			.live = atomic_load(&figures->live),
		};
		stack_table_view(stacks, id, &peak->view);
	}
}

static void put_time(struct writer *writer, uint32_t at)
{
	put_duration(writer, (uint64_t)at * LEDGER_TICK_MS);
	put_string(writer, " after the start");
}

void peaks_put_header(struct writer *writer, const struct peaks *peaks,
		      const struct snapshot_request *request)
{
	struct ledger_peak peak = ledger_peak(request->ledger);

	if (request->target && !request->target->traced)
		return;
	put_string(writer, peak.at_most ? "peak: at most " : "peak: ");
	put_unsigned(writer, peak.opened);
	put_string(writer, " open at once");
	if (peak.opened) {
		put_string(writer, ", ");
		put_time(writer, peak.at);
	}
	if (peak.all != peak.opened) {
		put_string(writer, "; ");
		put_unsigned(writer, peak.all);
		put_string(writer, " with the inherited");
	}
	put_char(writer, '\n');
	if (!peaks->unlisted)
		return;
	put_string(writer, "peaks: ");
	put_unsigned(writer, peaks->count);
	put_string(writer, " listed; ");
	put_unsigned(writer, peaks->unlisted);
	put_string(writer,
		   peaks->unlisted == 1 ? " more stack, at most " : " more stacks, at most ");
	put_unsigned(writer, peaks->unlisted_most);
	put_string(writer, " open at once\n");
}

void peak_put(const struct describe *describe, struct frames *frames, const struct peak *peak,
	      size_t number)
{
	struct writer *writer = describe->writer;
	const char *at_most = describe->request->closes_unseen ? "at most " : "";
	bool has_stack = peak->view.depth > 0;

	put_string(writer, "\npeak ");
	put_unsigned(writer, number);
	put_string(writer, ": ");
	put_string(writer, at_most);
	put_unsigned(writer, peak->count);
	put_string(writer, " open at once, opened ");
	if (has_stack)
		frames_put_origin(frames, writer, &peak->view);
	else
		put_string(writer, "at an unknown place");
	put_string(writer, "\n  reached: ");
	put_time(writer, peak->at);
	if (peak->held) {
		put_string(writer, "\n  until the end: ");
		put_unsigned(writer, peak->held);
	}
	put_string(writer, "\n  stack: ");
	put_unsigned(writer, peak->opened);
	put_string(writer, " opened, ");
	put_unsigned(writer, peak->opened > peak->live ? peak->opened - peak->live : 0);
	put_string(writer, " closed, ");
	put_unsigned(writer, peak->live);
	put_string(writer, " live; peak ");
	put_string(writer, at_most);
	put_unsigned(writer, peak->count);
	put_char(writer, '\n');
	if (!has_stack)
		return;
	put_string(writer, "  opened at:\n");
	frames_put(frames, writer, &peak->view);
}
