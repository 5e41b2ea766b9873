// SPDX-License-Identifier: MIT
/*
 * See stack_table.h. A stack is complete before its id becomes visible, and only its figures change
 * afterwards. uthash's memory comes from the arena and is never freed: each time uthash doubles its
 * table, the old one is lost.
 */
#include "stack_table.h"

#include <string.h>

static _Thread_local struct arena *uthash_arena __attribute__((tls_model("initial-exec")));

#define uthash_malloc(size)              arena_alloc(uthash_arena, size)
#define uthash_free(ptr, size)           ((void)0)
#define HASH_NONFATAL_OOM                1
#define uthash_nonfatal_oom(elt)         ((elt)->unlisted = true)
#define HASH_FUNCTION(key, length, hash) ((hash) = hash_frames(key, length))

static inline unsigned int hash_frames(const void *key, size_t length);
#include <uthash.h>

enum { PAGES = STACK_LIMIT / STACK_PAGE };

struct stack {
	struct stack_figures figures;
	UT_hash_handle hh;
	uint32_t id;
	uint32_t depth;
	enum stack_end end;
	bool unlisted; /* uthash had no memory for it */
	frame_t frames[];
};
_Static_assert(offsetof(struct stack, figures) == 0, "stack_table_known takes one for the other");

/* Frames of one program have the same high bits. The multiplication carries each bit upwards, and
 * the final fold brings it down to the bits that uthash uses. */
static inline unsigned int hash_frames(const void *key, size_t length)
{
	const frame_t *frames = key;
	uint64_t hash = length;

	for (size_t i = 0; i < length / sizeof(*frames); i++)
		hash = (hash ^ frames[i]) * 0x9e3779b97f4a7c15ULL, hash ^= hash >> 29;
	return (unsigned int)(hash ^ hash >> 32);
}

static struct stack *stack_of(const struct stack_table *table, uint32_t id)
{
	if (id == STACK_OVERFLOW)
		return table->overflow;
	if (id < STACK_FIRST || id >= atomic_load_explicit(&table->count, memory_order_acquire))
		return NULL;
	_Atomic(struct stack *) *page =
		atomic_load_explicit(&table->pages[id / STACK_PAGE], memory_order_acquire);
	return page ? page[id % STACK_PAGE] : NULL;
}

bool stack_table_init(struct stack_table *table, struct arena *arena)
{
	memset(table, 0, sizeof(*table));
	table->arena = arena;
	table->pages = memory_map(sizeof(*table->pages) * PAGES);
	table->overflow = arena_alloc(arena, sizeof(struct stack));
	atomic_store(&table->count, STACK_FIRST);
	return table->pages && table->overflow;
}

static void list_stack(struct stack_table *table, struct stack *stack)
{
	uthash_arena = table->arena;
	stack->unlisted = false;
	HASH_ADD_KEYPTR(hh, table->head, stack->frames, (stack->depth + 1) * sizeof(frame_t),
			stack);
}

void stack_table_release(struct stack_table *table)
{
	memory_unmap(table->pages, sizeof(*table->pages) * PAGES);
	table->pages = NULL;
}

/* The place of the next stack in the pages; NULL: no memory. */
static _Atomic(struct stack *) *place_of(struct stack_table *table, uint32_t id)
{
	_Atomic(struct stack *) *page = atomic_load(&table->pages[id / STACK_PAGE]);

	if (!page) {
		page = arena_alloc(table->arena, sizeof(*page) * STACK_PAGE);
		if (!page)
			return NULL;
		atomic_store_explicit(&table->pages[id / STACK_PAGE], page, memory_order_release);
	}
	return &page[id % STACK_PAGE];
}

static size_t size_of(uint32_t depth)
{
	return sizeof(struct stack) + (depth + 1) * sizeof(frame_t);
}

bool stack_table_copy(struct stack_table *table, const struct stack_table *from)
{
	uint32_t count = atomic_load(&from->count);

	memcpy(table->overflow, from->overflow, sizeof(*table->overflow));
	for (uint32_t id = STACK_FIRST; id < count; id++) {
		const struct stack *stack = stack_of(from, id);
		_Atomic(struct stack *) *place = place_of(table, id);
		struct stack *copy =
			stack && place ? arena_alloc(table->arena, size_of(stack->depth)) : NULL;

		if (!copy)
			return false;
		memcpy(copy, stack, size_of(stack->depth));
		list_stack(table, copy);
		atomic_store(place, copy);
		atomic_store(&table->count, id + 1);
	}
	atomic_store(&table->overflowed, atomic_load(&from->overflowed));
	return true;
}

/* A stack's end is part of the key, because stacks that differ in it are different stacks. It is
 * appended to the frames as one more frame, which no module has. */
uint32_t stack_table_intern(struct stack_table *table, const frame_t *frames, uint32_t depth,
			    enum stack_end end)
{
	struct stack *stack = NULL;
	frame_t key[STACK_DEPTH_MAX + 1];

	if (depth > STACK_DEPTH_MAX)
		depth = STACK_DEPTH_MAX, end = STACK_DEEPER;
	memcpy(key, frames, depth * sizeof(*frames));
	key[depth] = end;
	HASH_FIND(hh, table->head, key, (depth + 1) * sizeof(frame_t), stack);
	if (stack)
		return stack->id;

	uint32_t id = atomic_load(&table->count);
	if (id >= STACK_LIMIT)
		goto overflow;
	_Atomic(struct stack *) *place = place_of(table, id);
	stack = place ? arena_alloc(table->arena, size_of(depth)) : NULL;
	if (!stack)
		goto overflow;
	stack->id = id;
	stack->depth = depth;
	stack->end = end;
	memcpy(stack->frames, key, (depth + 1) * sizeof(frame_t));
	list_stack(table, stack);
	if (stack->unlisted)
		goto overflow;
	atomic_store_explicit(place, stack, memory_order_release);
	atomic_store_explicit(&table->count, id + 1, memory_order_release);
	return id;

overflow:
	atomic_fetch_add(&table->overflowed, 1);
	return STACK_OVERFLOW;
}

void stack_table_rebuild(struct stack_table *table)
{
	uint32_t count = atomic_load(&table->count);

	table->head = NULL;
	for (uint32_t id = STACK_FIRST; id < count; id++) {
		struct stack *stack = stack_of(table, id);
		if (stack)
			list_stack(table, stack);
	}
}

static void reset(struct stack *stack)
{
	open_count_reset(&stack->figures.count);
	atomic_store_explicit(&stack->figures.run_opened, 0, memory_order_relaxed);
	atomic_store_explicit(&stack->figures.run_live, 0, memory_order_relaxed);
	atomic_store_explicit(&stack->figures.live, 0, memory_order_relaxed);
	atomic_store_explicit(&stack->figures.live_before, 0, memory_order_relaxed);
	closers_reset(&stack->figures.closers);
}

void stack_table_reset_figures(struct stack_table *table)
{
	uint32_t count = atomic_load(&table->count);

	reset(table->overflow);
	for (uint32_t id = STACK_FIRST; id < count; id++) {
		struct stack *stack = stack_of(table, id);
		/* The check avoids writes, because a page that is only read stays shared with the
		 * parent. */
		if (stack && atomic_load_explicit(&stack->figures.count.word, memory_order_relaxed))
			reset(stack);
	}
}

bool stack_table_view(const struct stack_table *table, uint32_t id, struct stack_view *view)
{
	struct stack *stack = stack_of(table, id);

	if (!stack)
		return false;
	view->frames = stack->frames;
	view->depth = stack->depth;
	view->end = stack->end;
	view->figures = &stack->figures;
	return true;
}

struct stack_figures *stack_table_figures(const struct stack_table *table, uint32_t id)
{
	struct stack *stack = stack_of(table, id);

	return stack ? &stack->figures : NULL;
}
