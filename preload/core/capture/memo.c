// SPDX-License-Identifier: MIT
/*
 * See memo.h. One hash table holds all runs, keyed by the place that they continue: a return
 * address alone, or the read that differed and the value found there. A run with few branches also
 * lists them itself. Visible memory is only ever added to and never freed, because another thread
 * may be reading it. So the memory of a forgotten generation is lost; the arena's limit bounds
 * that, and once it is reached no more walks are kept.
 */
#include "memo_pairs.h"

#include "preload/core/base/read_safely.h"

enum {
	MEMO_LIMIT = 64 * 1024 * 1024,
	TABLE_FIRST = 256,
	PROOF_PAGES = 64, /* most pages by which one read extends the known bounds */
	PAGE = 4096,
};

_Static_assert((TABLE_FIRST & (TABLE_FIRST - 1)) == 0, "a table's size is a power of two");

/* Adds a run to the table, in place of another one with the same key. */
static void put(struct memo_table *table, struct memo_run *run)
{
	uint64_t at = memo_hash(run->from, run->value, run->relative);
	const struct memo_run *there;

	for (;; at++) {
		there = atomic_load_explicit(&table->slots[at & table->mask], memory_order_relaxed);
		if (!there || (there->from == run->from && there->value == run->value &&
			       there->relative == run->relative))
			break;
	}
	atomic_store_explicit(&table->slots[at & table->mask], run, memory_order_release);
	table->count += !there;
}

static struct memo_table *table_create(struct memo *memo, uint64_t size)
{
	struct memo_table *table =
		arena_alloc(&memo->arena, sizeof(*table) + size * sizeof(table->slots[0]));

	if (table)
		table->mask = size - 1;
	return table;
}

/* Makes room for one more run. */
static bool table_grow(struct memo *memo)
{
	struct memo_table *old = atomic_load(&memo->table);

	if ((old->count + 1) * 2 <= old->mask + 1)
		return true;
	struct memo_table *table = table_create(memo, (old->mask + 1) * 2);
	if (!table)
		return false;
	for (uint64_t i = 0; i <= old->mask; i++) {
		struct memo_run *run = atomic_load_explicit(&old->slots[i], memory_order_relaxed);

		if (run)
			put(table, run);
	}
	atomic_store_explicit(&memo->table, table, memory_order_release);
	return true;
}

bool memo_init(struct memo *memo)
{
	memset(memo, 0, sizeof(*memo));
	memo->arena.limit = MEMO_LIMIT;
	memo->nothing = table_create(memo, 1);
	if (memo->nothing)
		memo_forget(memo);
	return memo->nothing != NULL;
}

void memo_forget_stacks(struct memo *memo, bool (*gone)(void *data, uint32_t stack), void *data)
{
	struct memo_table *table = atomic_load(&memo->table);

	for (uint64_t i = 0; i <= table->mask; i++) {
		struct memo_run *run = atomic_load_explicit(&table->slots[i], memory_order_relaxed);
		uint32_t stack = run ? atomic_load(&run->stack) : STACK_NONE;

		if (stack != STACK_NONE && gone(data, stack))
			atomic_store(&run->stack, STACK_NONE);
	}
}

void memo_forget(struct memo *memo)
{
	struct memo_table *table = table_create(memo, TABLE_FIRST);

	/* If there is no memory for a new table, an empty one takes its place. */
	atomic_store_explicit(&memo->table, table ? table : memo->nothing, memory_order_release);
	for (size_t i = 0; i < MEMO_RECENT; i++)
		atomic_store_explicit(&memo->recent[i], NULL, memory_order_release);
}

/* Extends the known bounds page by page up to address. False: a page can't be read, or it is too
 * far. */
static bool prove(struct stack_bounds *bounds, uintptr_t sp, uintptr_t address)
{
	uintptr_t page = sp & -(uintptr_t)PAGE, last = (address | (PAGE - 1)) + 1;

	if (sp < bounds->low || sp >= bounds->high) {
		if (bounds->low > page && bounds->low - page <= PROOF_PAGES * PAGE) {
			/* The stack has grown down: the pages in between must be readable, too. */
			for (uintptr_t at = page; at < bounds->low; at += PAGE)
				if (!address_readable(at))
					return false;
			bounds->low = page;
		} else {
			*bounds = (struct stack_bounds){page, page + PAGE};
		}
	}
	if (last > bounds->high && last - bounds->high > (uintptr_t)PROOF_PAGES * PAGE)
		return false;
	while (bounds->high < last) {
		if (!address_readable(bounds->high))
			return false;
		bounds->high += PAGE;
	}
	return true;
}

static inline bool in_bounds(struct stack_bounds *bounds, uintptr_t sp, uintptr_t address)
{
	if (__builtin_expect(sp >= bounds->low && address + sizeof(address) <= bounds->high, 1))
		return true;
	return address >= sp && prove(bounds, sp, address + sizeof(address) - 1);
}

struct memo_run *memo_begin_far(const struct memo *memo, uint64_t pc)
{
	return memo_seek(atomic_load_explicit(&memo->table, memory_order_acquire), NULL, pc, false);
}

struct memo_run *memo_branch_far(const struct memo *memo, const struct memo_read *read,
				 uint64_t word, uintptr_t sp)
{
	const struct memo_table *table = atomic_load_explicit(&memo->table, memory_order_acquire);
	struct memo_run *run = NULL;

	if (word >= sp && word - sp <= INT32_MAX)
		run = memo_seek(table, read, word - sp, true);
	return run ? run : memo_seek(table, read, word, false);
}

const struct memo_read *memo_other(const struct memo_run *run, uintptr_t sp, uintptr_t fp,
				   struct stack_bounds *bounds, uint64_t *word)
{
	static const struct memo_read beyond;
	const struct memo_read *read = run->reads, *end = read + run->count;

	/* If all of the run's words can be read, whatever they are, their order doesn't matter. */
	if (__builtin_expect(run->pairs && sp >= bounds->low &&
				     sp + (uintptr_t)run->reach <= bounds->high,
			     1) &&
	    memo_pairs_equal(run->pairs, sp, fp))
		return NULL;
	for (; read < end; read++) {
		if (read->flags & READ_CHECKED &&
		    !in_bounds(bounds, sp, sp + (uintptr_t)read->offset))
			return &beyond;
		*word = memo_read_again(read, sp, fp);
		if (memo_differs(read, *word, sp))
			return read;
	}
	/* So that the next time all words are known to be readable. */
	if (run->pairs)
		in_bounds(bounds, sp, sp + (uintptr_t)run->reach - sizeof(sp));
	return NULL;
}

/* Makes a run of the walk's reads, from the read number from on. */
static struct memo_run *run_create(struct memo *memo, const struct walk *walk, uint32_t from,
				   struct captured stack)
{
	uintptr_t sp = walk->registers.sp;
	uint32_t count = walk->read_count - from;
	uint32_t whole = (count + MEMO_BLOCK - 1) / MEMO_BLOCK * MEMO_BLOCK;
	struct memo_run *run =
		arena_alloc(&memo->arena, sizeof(*run) + whole * sizeof(run->reads[0]));
	bool checked = false;

	if (!run)
		return NULL;
	run->count = count;
	run->plain = true;
	atomic_store_explicit(&run->stack, stack.stack, memory_order_relaxed);
	atomic_store_explicit(&run->figures, stack.figures, memory_order_relaxed);
	for (uint32_t i = 0; i < count; i++) {
		const struct logged_read *logged = &walk->reads[from + i];

		run->reads[i] = (struct memo_read){
			.value = logged->flags & READ_RELATIVE ? logged->value - sp : logged->value,
			.offset = logged->flags & READ_FP ? 0 : (int32_t)(logged->address - sp),
			.flags = logged->flags,
		};
		if (logged->flags)
			run->plain = false;
		checked |= logged->flags & READ_CHECKED;
		if (!(logged->flags & READ_FP) &&
		    run->reads[i].offset + (int32_t)sizeof(sp) > run->reach)
			run->reach = run->reads[i].offset + (int32_t)sizeof(sp);
	}
	for (uint32_t i = count; i < whole; i++)
		run->reads[i] = run->reads[count - 1];
	if (checked)
		memo_pairs_add(&memo->arena, run);
	return run;
}

/* Makes a run of the walk's reads, from number at on, and makes it visible: as a branch at the read
 * from of parent, or, if parent is NULL, as a beginning. */
static struct memo_run *add(struct memo *memo, const struct walk *walk, uint32_t at,
			    struct memo_run *parent, const struct memo_read *from, uint64_t value,
			    bool relative, struct captured stack)
{
	struct memo_run *run = run_create(memo, walk, at, stack);

	if (!run || !table_grow(memo))
		return NULL;
	run->from = from;
	run->value = value;
	run->relative = relative;
	if (parent) {
		run->sibling = atomic_load_explicit(&parent->branches, memory_order_relaxed);
		atomic_store_explicit(&parent->branches, run, memory_order_release);
	}
	put(atomic_load(&memo->table), run);
	if (!parent)
		atomic_store_explicit(&memo->recent[memo_recent(value)], run, memory_order_release);
	return run;
}

enum comparison { READS_EQUAL, READS_DIFFER, READS_OTHERWISE };

/* Compares the walk's reads from number *at on with those of run, up to one that differs or to the
 * end of both, and advances *at to there. OTHERWISE: after equal reads the next one is at another
 * place. */
static enum comparison compare(const struct memo_run *run, const struct walk *walk, uint32_t *at)
{
	uintptr_t sp = walk->registers.sp;
	uint32_t first = *at;

	for (; *at < walk->read_count && *at - first < run->count; (*at)++) {
		const struct logged_read *logged = &walk->reads[*at];
		const struct memo_read *read = &run->reads[*at - first];
		uint32_t relative = logged->flags & READ_RELATIVE;

		if ((logged->flags ^ read->flags) & (READ_FP | READ_CHECKED) ||
		    (!(read->flags & READ_FP) && (int32_t)(logged->address - sp) != read->offset))
			return READS_OTHERWISE;
		if (relative != (read->flags & READ_RELATIVE) ||
		    (relative ? logged->value - sp : logged->value) != read->value)
			return READS_DIFFER;
	}
	return *at == walk->read_count && *at - first == run->count ? READS_EQUAL : READS_OTHERWISE;
}

struct memo_run *memo_keep(struct memo *memo, const struct walk *walk, struct captured stack)
{
	struct memo_run *parent = NULL, *run;
	const struct memo_read *from = NULL;
	uint64_t value = walk->registers.pc;
	bool relative = false;
	uint32_t at = 0;

	if (!walk->repeatable)
		return NULL;
	while ((run = memo_seek(atomic_load(&memo->table), from, value, relative))) {
		uint32_t first = at;

		switch (compare(run, walk, &at)) {
		case READS_EQUAL:
			/* The library was mapped again at the same address. A concurrent reader
			 * sees STACK_NONE or the new value; both are valid. */
			if (atomic_load(&run->stack) == STACK_NONE) {
				/* Its merged stacks are those of the code that was there before. */
				atomic_store(&run->words, NULL);
				atomic_store(&run->figures, stack.figures);
				atomic_store(&run->stack, stack.stack);
			}
			return run;
		case READS_OTHERWISE:
			/* Equal reads so far lead to the same next read, unless the code of run is
			 * gone and other code has taken its place. If it isn't gone, the walk
			 * depended on more than its log (a library was closed at the same time),
			 * and is not kept. */
			if (atomic_load(&run->stack) == STACK_NONE)
				return add(memo, walk, first, parent, from, value, relative, stack);
			return NULL;
		case READS_DIFFER:
			break;
		}
		const struct logged_read *logged = &walk->reads[at];

		parent = run;
		from = &run->reads[at - first];
		relative = logged->flags & READ_RELATIVE;
		value = relative ? logged->value - walk->registers.sp : logged->value;
		at++;
	}
	return add(memo, walk, at, parent, from, value, relative, stack);
}
