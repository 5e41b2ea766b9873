// SPDX-License-Identifier: MIT
/* See connect_stack.h. */
#include "connect_stack.h"

enum { STACKS_MAX = 64 };

struct tally {
	uint32_t stacks[STACKS_MAX];
	size_t counts[STACKS_MAX];
	size_t count;
	size_t beyond; /* sockets whose stack had no room */
};

static void count_stack(struct tally *tally, uint32_t stack)
{
	for (size_t i = 0; i < tally->count; i++)
		if (tally->stacks[i] == stack) {
			tally->counts[i]++;
			return;
		}
	if (tally->count == STACKS_MAX) {
		tally->beyond++;
		return;
	}
	tally->stacks[tally->count] = stack;
	tally->counts[tally->count++] = 1;
}

/* Counts the connect stacks of a group, without the opening stack itself. */
static void take_tally(struct tally *tally, const struct group *group, const struct ledger *ledger)
{
	*tally = (struct tally){0};
	if (!group->has_stack || !kind_is_socket(group->kind))
		return;
	for (size_t i = 0; i < group->count; i++) {
		const struct connection *connection = connection_table_get(
			&ledger->connections, group->members[i]->entry.connection);
		if (connection && connection->stack >= STACK_FIRST &&
		    connection->stack != group->stack)
			count_stack(tally, connection->stack);
	}
}

void connect_stack_add(struct frames *frames, const struct group *group,
		       const struct ledger *ledger)
{
	struct tally tally;
	struct stack_view view;

	take_tally(&tally, group, ledger);
	for (size_t i = 0; i < tally.count; i++)
		if (stack_table_view(&ledger->stacks, tally.stacks[i], &view))
			frames_add(frames, &view);
}

bool connect_stack_choose(struct connect_stack *chosen, const struct frames *frames,
			  const struct group *group, const struct ledger *ledger)
{
	struct tally tally;

	*chosen = (struct connect_stack){0};
	take_tally(&tally, group, ledger);
	for (size_t i = 0; i < tally.count; i++) {
		struct stack_view view;

		if (!stack_table_view(&ledger->stacks, tally.stacks[i], &view) ||
		    frames_same_function(frames, &group->view, &view))
			continue;
		chosen->more++;
		if (tally.counts[i] > chosen->count) {
			chosen->count = tally.counts[i];
			chosen->view = view;
		}
	}
	if (!chosen->more)
		return false;
	chosen->more += tally.beyond; /* this may count a stack several times */
	chosen->more--;
	return true;
}
