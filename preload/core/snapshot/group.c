// SPDX-License-Identifier: MIT
/* See group.h. Descriptors are sorted by group, so that a group is a run of them. */
#include "group.h"

#include "endpoint.h"
#include "sort.h"

static uint32_t stack_of(const struct descriptor *descriptor)
{
	bool known = descriptor->class == DESCRIPTOR_OPENED ||
		     (descriptor->class == DESCRIPTOR_INHERITED && descriptor->entry.before_fork);

	return known ? descriptor->entry.stack : STACK_NONE;
}

static enum kind kind_of(const struct descriptor *descriptor)
{
	bool mixed = descriptor->class == DESCRIPTOR_INHERITED && stack_of(descriptor) == STACK_NONE;

	return mixed ? KIND_MIXED : descriptor->kind;
}

/* The smaller number first. */
static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_group(const struct descriptor *a, const struct descriptor *b)
{
	int result = order(a->class, b->class);

	if (!result)
		result = order(stack_of(a), stack_of(b));
	if (!result)
		result = order(kind_of(a), kind_of(b));
	if (!result)
		result = order(a->user, b->user);
	if (!result)
		result = order(a->shared, b->shared);
	/* Without stacks, this is all there is to tell them apart. */
	if (!result && a->class == DESCRIPTOR_UNTRACED)
		result = order(a->tcp_state, b->tcp_state);
	if (!result && a->class == DESCRIPTOR_UNTRACED)
		result = endpoint_compare(a->endpoint, b->endpoint);
	return result;
}

/* Who used it last, as far as the ledger knows. */
static void take_user(struct descriptor *descriptor, const struct ledger *ledger)
{
	const struct connection *connection =
		connection_table_get(&ledger->connections, descriptor->entry.connection);

	if (!connection || stack_of(descriptor) == STACK_NONE || !kind_is_socket(descriptor->kind))
		return;
	descriptor->user = connection->user;
	descriptor->shared = connection->shared != 0;
}

static int compare_descriptors(const void *left, const void *right)
{
	const struct descriptor *a = left, *b = right;
	int result = compare_group(a, b);

	if (!result && kind_of(a) != KIND_MIXED && a->class != DESCRIPTOR_UNSEEN)
		result = order(b->age_ms, a->age_ms);
	return result ? result : order((uint64_t)a->fd, (uint64_t)b->fd);
}

/* What looks most like a leak first. */
static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	int result = order(a->class, b->class);

	if (!result)
		result = order(b->growth > 0, a->growth > 0);
	if (!result)
		result = order(b->states[TCP_STATE_CLOSE_WAIT], a->states[TCP_STATE_CLOSE_WAIT]);
	if (!result && a->growth > 0 && a->growth != b->growth)
		result = a->growth > b->growth ? -1 : 1;
	if (!result)
		result = order(b->count, a->count);
	if (!result)
		result = order(b->oldest_ms, a->oldest_ms);
	if (!result)
		result = order(a->stack, b->stack);
	if (!result)
		result = order(a->kind, b->kind);
	/* Two of the same kind, state and size: the one with the lower number. */
	return result ? result : order((uint64_t)a->members[0]->fd, (uint64_t)b->members[0]->fd);
}

static void read_figures(struct group *group, const struct snapshot_request *request)
{
	struct stack_figures *figures = group->view.figures;

	group->opened = open_count_opened(atomic_load(&figures->count.word));
	group->live = atomic_load(&figures->live);
	group->peak = atomic_load(&figures->count.peak);
	group->closed = group->opened > group->live ? group->opened - group->live : 0;
	if (request->number > 1)
		group->growth = (int64_t)group->live - (int64_t)atomic_load(&figures->live_before);
}

static void fill(struct group *group, const struct snapshot_request *request)
{
	const struct descriptor *first = group->members[0];

	group->class = first->class;
	group->kind = kind_of(first);
	group->stack = stack_of(first);
	group->oldest_ms = first->age_ms;
	group->newest_ms = group->members[group->count - 1]->age_ms;
	for (size_t i = 0; i < group->count; i++) {
		unsigned int state = group->members[i]->tcp_state;
		group->states[state < TCP_STATE_COUNT ? state : 0]++;
	}
	group->has_stack = stack_table_view(&request->ledger->stacks, group->stack, &group->view);
	group->has_user = stack_table_view(&request->ledger->stacks, first->user, &group->user);
	group->shared = first->shared;
	/* The figures of a stack that was used before a fork are the parent's, and were reset. */
	if (group->has_stack && group->class == DESCRIPTOR_OPENED)
		read_figures(group, request);
}

bool groups_make(struct groups *groups, const struct census *census,
		 const struct snapshot_request *request, struct scratch *scratch)
{
	struct descriptor **sorted = scratch_array(scratch, census->count, sizeof(*sorted));
	size_t count = 0;

	*groups = (struct groups){0};
	if (!sorted)
		return false;
	for (size_t i = 0; i < census->count; i++) {
		sorted[i] = &census->descriptors[i];
		take_user(sorted[i], request->ledger);
	}
	sort_pointers((void **)sorted, census->count, compare_descriptors);
	for (size_t i = 0; i < census->count; i++)
		count += i == 0 || compare_group(sorted[i - 1], sorted[i]) != 0;

	struct group *made = scratch_array(scratch, count, sizeof(*made));
	struct group **ranked = scratch_array(scratch, count, sizeof(*ranked));
	groups->list = scratch_array(scratch, count, sizeof(*groups->list));
	if (!made || !ranked || !groups->list)
		return false;
	for (size_t i = 0, at = 0; i < census->count; at++) {
		made[at].members = &sorted[i];
		while (i < census->count && compare_group(made[at].members[0], sorted[i]) == 0)
			i++, made[at].count++;
		fill(&made[at], request);
		ranked[at] = &made[at];
	}
	sort_pointers((void **)ranked, count, compare_groups);
	for (size_t i = 0; i < count; i++) {
		groups->list[i] = *ranked[i];
		groups->unclosed += ranked[i]->class != DESCRIPTOR_INHERITED;
	}
	groups->count = count;
	return true;
}
