// SPDX-License-Identifier: MIT
/*
 * See group.h. A hash table finds each descriptor's group, and then each group is sorted by itself.
 * That is fast, because descriptors come in the order of their numbers, which nearly always is that
 * of age.
 */
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
	bool mixed = descriptor->class == DESCRIPTOR_INHERITED &&
		     stack_of(descriptor) == STACK_NONE && !descriptor->used;

	return mixed ? KIND_MIXED : descriptor->kind;
}

/* The smaller number first. */
static int order(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The generation that has opened what came by exec; else 0. */
static uint32_t generation_of(const struct descriptor *descriptor)
{
	bool known = descriptor->class == DESCRIPTOR_INHERITED && descriptor->entry.before_exec;

	return known ? descriptor->entry.dup_of : 0;
}

static bool same_group(const struct descriptor *a, const struct descriptor *b)
{
	if (a->class != b->class || stack_of(a) != stack_of(b) || kind_of(a) != kind_of(b) ||
	    a->user != b->user || a->used != b->used || a->shared != b->shared ||
	    generation_of(a) != generation_of(b))
		return false;
	/* Without stacks, only these tell them apart. */
	return a->class != DESCRIPTOR_UNTRACED ||
	       (a->tcp_state == b->tcp_state && endpoint_compare(a->endpoint, b->endpoint) == 0);
}

/* Hashes the fields that same_group compares first. */
static uint32_t hash_of(const struct descriptor *descriptor)
{
	const uint32_t parts[] = {descriptor->class, kind_of(descriptor), descriptor->user,
				  stack_of(descriptor)};
	uint32_t hash = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		hash = (hash ^ parts[i]) * 0x9e3779b1;
	return hash ^ hash >> 16;
}

/* Takes the last user from the ledger, if it is known. */
static void take_user(struct descriptor *descriptor, const struct ledger *ledger)
{
	const struct connection *connection =
		connection_table_get(&ledger->connections, descriptor->entry.connection);
	uint32_t user = STACK_NONE;

	if (descriptor->class == DESCRIPTOR_OPENED || descriptor->class == DESCRIPTOR_INHERITED)
		user = ledger_last_use(ledger, descriptor->fd, descriptor->times_recorded);
	if (user >= STACK_FIRST) {
		descriptor->user = user;
		descriptor->used = true;
		return;
	}
	if (!connection || stack_of(descriptor) == STACK_NONE || !kind_is_socket(descriptor->kind))
		return;
	descriptor->user = connection->user;
	descriptor->shared = connection->shared != 0;
}

/* Compares two descriptors of a group. */
static int compare_descriptors(const void *left, const void *right)
{
	const struct descriptor *a = left, *b = right;
	int result = 0;

	if (kind_of(a) != KIND_MIXED && a->class != DESCRIPTOR_UNSEEN)
		result = order(b->age_ms, a->age_ms);
	return result ? result : order((uint64_t)a->fd, (uint64_t)b->fd);
}

/* The likeliest leak comes first. */
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
	/* The last resort is the lowest descriptor number. */
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

/* Finds where the stack's descriptors were closed. Without memory the group has no closers, and the
 * scratch has failed. */
static void find_closers(struct group *group, const struct snapshot_request *request,
			 struct scratch *scratch)
{
	const struct ledger *ledger = request->ledger;
	const struct closers *from = &group->view.figures->closers;
	struct closer *list = scratch_array(scratch, request->closers, sizeof(*list));
	struct group_closers *closers;
	uint32_t count;

	closers = scratch_alloc(scratch,
				sizeof(*closers) + request->closers * sizeof(*closers->list));
	if (!list || !closers)
		return;
	count = closer_table_list(&ledger->closers, from, group->stack, list, request->closers,
				  &closers->others, &closers->other_stacks);
	closers->untraced = atomic_load(&from->untraced);
	for (uint32_t i = 0; i < count; i++) {
		__typeof__(*closers->list) *closer = &closers->list[closers->count];

		if (!stack_table_view(&ledger->stacks, list[i].stack, &closer->view))
			continue;
		closer->count = list[i].count;
		closers->count++;
	}
	group->closers = closers;
}

static void fill(struct group *group, const struct snapshot_request *request,
		 struct scratch *scratch)
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
	group->used = first->used && group->has_user;
	/* Inherited descriptors were opened in the parent, so their stack's counts here don't
	 * include them. */
	if (group->has_stack && group->class == DESCRIPTOR_OPENED)
		read_figures(group, request);
	if (group->closed && atomic_load(&request->ledger->closers.on))
		find_closers(group, request, scratch);
}

/* A group while its descriptors are counted. */
struct gathered {
	const struct descriptor *first;
	size_t count;
};

/* Fills in group_of with the number of each descriptor's group, from 0 on. Returns the number of
 * groups. */
static size_t gather(struct gathered *groups, uint32_t *group_of, const struct census *census,
		     uint32_t *table, size_t size)
{
	size_t groups_count = 0;

	for (size_t i = 0; i < census->count; i++) {
		const struct descriptor *descriptor = &census->descriptors[i];
		size_t at = hash_of(descriptor) & (size - 1);

		while (table[at] && !same_group(groups[table[at] - 1].first, descriptor))
			at = (at + 1) & (size - 1);
		if (!table[at]) {
			groups[groups_count].first = descriptor;
			table[at] = (uint32_t)++groups_count;
		}
		group_of[i] = table[at] - 1;
		groups[group_of[i]].count++;
	}
	return groups_count;
}

/* Copies the groups from made, in their final order. */
static bool rank(struct groups *groups, struct group *made, size_t count, struct scratch *scratch)
{
	struct group **ranked = scratch_array(scratch, count, sizeof(*ranked));

	groups->list = scratch_array(scratch, count, sizeof(*groups->list));
	if (!ranked || !groups->list)
		return false;
	for (size_t i = 0; i < count; i++)
		ranked[i] = &made[i];
	sort_pointers((void **)ranked, count, compare_groups);
	for (size_t i = 0; i < count; i++) {
		groups->list[i] = *ranked[i];
		groups->unclosed += ranked[i]->class != DESCRIPTOR_INHERITED;
	}
	groups->count = count;
	return true;
}

bool groups_make(struct groups *groups, const struct census *census,
		 const struct snapshot_request *request, struct scratch *scratch)
{
	struct descriptor **members = scratch_array(scratch, census->count, sizeof(*members));
	struct gathered *gathered = scratch_array(scratch, census->count, sizeof(*gathered));
	uint32_t *group_of = scratch_array(scratch, census->count, sizeof(*group_of));
	size_t size = 2;

	*groups = (struct groups){0};
	while (size < 2 * census->count)
		size *= 2;
	uint32_t *table = scratch_array(scratch, size, sizeof(*table));
	if (!members || !gathered || !group_of || !table)
		return false;
	for (size_t i = 0; i < census->count; i++)
		take_user(&census->descriptors[i], request->ledger);
	size_t count = gather(gathered, group_of, census, table, size);
	struct group *made = scratch_array(scratch, count, sizeof(*made));
	if (!made)
		return false;
	for (size_t i = 0; i < count; members += gathered[i++].count)
		made[i].members = members;
	for (size_t i = 0; i < census->count; i++) {
		struct group *group = &made[group_of[i]];

		group->members[group->count++] = &census->descriptors[i];
	}
	for (size_t i = 0; i < count; i++) {
		sort_pointers((void **)made[i].members, made[i].count, compare_descriptors);
		fill(&made[i], request, scratch);
	}
	return rank(groups, made, count, scratch);
}
