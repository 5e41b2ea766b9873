// SPDX-License-Identifier: MIT
/*
 * See memo.h. One hash table holds the beginnings (keyed by the return address alone), another the
 * branches (keyed by the read that differed and the value found there). Tables and runs are never
 * changed once they can be seen, and never given back: a thread may be reading them. A generation
 * that is forgotten therefore stays behind; the arena's limit bounds that, and past it walks are
 * simply not kept any more.
 */
#include "memo.h"

#include <string.h>

enum {
	MEMO_LIMIT = 64 * 1024 * 1024,
	TABLE_FIRST = 256,
	PROOF_PAGES = 64, /* how far known bounds are extended, page by page, for one read */
	PAGE = 4096,
};

struct read {
	uint64_t value; /* relative to sp with READ_RELATIVE */
	int32_t offset; /* from sp */
	uint32_t flags; /* READ_* */
};

struct run {
	uint32_t count : 31;
	uint32_t plain : 1; /* all are words of the stack that are the same wherever the stack is */
	struct captured stack;
	struct read reads[];
};

struct branch {
	const struct read *read;
	uint64_t value;
	uint64_t relative; /* READ_RELATIVE or 0 */
	struct run *run;
};

/* In the table itself: one cache line less on the way to a hot stack. */
struct beginning {
	uint64_t pc;               /* written before run, and neither again */
	_Atomic(struct run *) run; /* NULL: the slot is free */
};

struct memo_table {
	uint64_t mask;
	uint64_t count; /* of both together */
	_Atomic(struct branch *) *branches;
	struct beginning beginnings[]; /* behind them, as many branches */
};

static inline uint64_t hash_pc(uint64_t pc)
{
	return pc ^ pc >> 12;
}

static uint64_t hash_read(const struct read *read, uint64_t value, uint64_t relative)
{
	uint64_t h =
		((uintptr_t)read / sizeof(*read) ^ value ^ relative << 62) * 0x9e3779b97f4a7c15ULL;

	return h ^ h >> 32;
}

static inline struct run *find_beginning(const struct memo_table *table, uint64_t pc)
{
	for (uint64_t at = hash_pc(pc);; at++) {
		const struct beginning *beginning = &table->beginnings[at & table->mask];
		struct run *run = atomic_load_explicit(&beginning->run, memory_order_acquire);

		if (!run || beginning->pc == pc)
			return run;
	}
}

static inline struct run *find_branch(const struct memo_table *table, const struct read *read,
				      uint64_t value, uint64_t relative)
{
	for (uint64_t at = hash_read(read, value, relative);; at++) {
		const struct branch *branch = atomic_load_explicit(
			&table->branches[at & table->mask], memory_order_acquire);

		if (!branch)
			return NULL;
		if (branch->value == value && branch->read == read && branch->relative == relative)
			return branch->run;
	}
}

static void put_beginning(struct memo_table *table, uint64_t pc, struct run *run)
{
	uint64_t at = hash_pc(pc);

	while (atomic_load_explicit(&table->beginnings[at & table->mask].run, memory_order_relaxed))
		at++;
	table->beginnings[at & table->mask].pc = pc;
	atomic_store_explicit(&table->beginnings[at & table->mask].run, run, memory_order_release);
	table->count++;
}

static void put_branch(struct memo_table *table, struct branch *branch)
{
	uint64_t at = hash_read(branch->read, branch->value, branch->relative);

	while (atomic_load_explicit(&table->branches[at & table->mask], memory_order_relaxed))
		at++;
	atomic_store_explicit(&table->branches[at & table->mask], branch, memory_order_release);
	table->count++;
}

static struct memo_table *table_create(struct memo *memo, uint64_t size)
{
	struct memo_table *table =
		arena_alloc(&memo->arena, sizeof(*table) + size * (sizeof(table->beginnings[0]) +
								   sizeof(table->branches[0])));

	if (table) {
		table->mask = size - 1;
		table->branches = (void *)&table->beginnings[size];
	}
	return table;
}

/* Makes room for one more of either. */
static bool table_grow(struct memo *memo)
{
	struct memo_table *old = atomic_load(&memo->table);

	if ((old->count + 1) * 2 <= old->mask + 1)
		return true;
	struct memo_table *table = table_create(memo, (old->mask + 1) * 2);
	if (!table)
		return false;
	for (uint64_t i = 0; i <= old->mask; i++) {
		const struct beginning *beginning = &old->beginnings[i];
		struct run *run = atomic_load_explicit(&beginning->run, memory_order_relaxed);
		struct branch *branch =
			atomic_load_explicit(&old->branches[i], memory_order_relaxed);

		if (run)
			put_beginning(table, beginning->pc, run);
		if (branch)
			put_branch(table, branch);
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

void memo_forget(struct memo *memo)
{
	struct memo_table *table = table_create(memo, TABLE_FIRST);

	/* Without memory for a new table there must still be one that knows nothing. */
	atomic_store_explicit(&memo->table, table ? table : memo->nothing, memory_order_release);
}

/* Extends the bounds page by page from where they are known to address. */
static bool prove(struct stack_bounds *bounds, uintptr_t sp, uintptr_t address)
{
	uintptr_t page = sp & -(uintptr_t)PAGE, last = (address | (PAGE - 1)) + 1;

	if (sp < bounds->low || sp >= bounds->high) {
		if (bounds->low > page && bounds->low - page <= PROOF_PAGES * PAGE) {
			/* The stack has grown down; what is between must be there, too. */
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

/* The run behind the branch at read, where word was found. */
static struct run *follow(const struct memo_table *table, const struct read *read, uint64_t word,
			  uintptr_t sp)
{
	struct run *run = NULL;

	if (word >= sp && word - sp <= INT32_MAX)
		run = find_branch(table, read, word - sp, READ_RELATIVE);
	return run ? run : find_branch(table, read, word, 0);
}

static inline uint64_t word_at(uintptr_t sp, const struct read *read)
{
	uint64_t word;

	memcpy(&word, (const char *)sp + read->offset, sizeof(word));
	return word;
}

/* The first read of a run whose word is another one, with that word; NULL: all are equal. The order
 * is the walk's: an address is good only because all words before it were equal. */
static inline const struct read *first_other(const struct run *run,
					     const struct registers *registers,
					     struct stack_bounds *bounds, uint64_t *word,
					     bool *beyond)
{
	uintptr_t sp = registers->sp;
	const struct read *read = run->reads, *end = read + run->count;

	if (__builtin_expect(run->plain, 1)) {
		for (; read < end; read++)
			if (__builtin_expect((*word = word_at(sp, read)) != read->value, 0))
				return read;
		return NULL;
	}
	for (; read < end; read++) {
		if (read->flags & READ_FP) {
			*word = registers->fp;
		} else if (read->flags & READ_CHECKED &&
			   !in_bounds(bounds, sp, sp + (uintptr_t)read->offset)) {
			*beyond = true;
			return read;
		} else {
			*word = word_at(sp, read);
		}
		if ((read->flags & READ_RELATIVE ? *word - sp : *word) != read->value)
			return read;
	}
	return NULL;
}

struct captured memo_find(const struct memo *memo, const struct registers *registers,
			  struct stack_bounds *bounds)
{
	const struct memo_table *table = atomic_load_explicit(&memo->table, memory_order_acquire);
	const struct run *run = find_beginning(table, registers->pc);
	bool beyond = false;

	while (run) {
		uint64_t word;
		const struct read *other = first_other(run, registers, bounds, &word, &beyond);

		if (!other)
			return run->stack;
		if (beyond)
			break;
		run = follow(table, other, word, registers->sp);
	}
	return (struct captured){.stack = STACK_NONE};
}

static struct run *run_create(struct memo *memo, const struct walk *walk, uint32_t from,
			      struct captured stack)
{
	uintptr_t sp = walk->registers.sp;
	uint32_t count = walk->read_count - from;
	struct run *run = arena_alloc(&memo->arena, sizeof(*run) + count * sizeof(run->reads[0]));

	if (!run)
		return NULL;
	run->count = count;
	run->plain = true;
	run->stack = stack;
	for (uint32_t i = 0; i < count; i++) {
		const struct logged_read *logged = &walk->reads[from + i];

		run->reads[i] = (struct read){
			.value = logged->flags & READ_RELATIVE ? logged->value - sp : logged->value,
			.offset = logged->flags & READ_FP ? 0 : (int32_t)(logged->address - sp),
			.flags = logged->flags,
		};
		if (logged->flags)
			run->plain = false;
	}
	return run;
}

static void add_branch(struct memo *memo, const struct read *read, uint64_t value,
		       uint64_t relative, struct run *run)
{
	struct branch *branch =
		run && table_grow(memo) ? arena_alloc(&memo->arena, sizeof(*branch)) : NULL;

	if (!branch)
		return;
	*branch = (struct branch){read, value, relative, run};
	put_branch(atomic_load(&memo->table), branch);
}

void memo_keep(struct memo *memo, const struct walk *walk, struct captured stack)
{
	uintptr_t sp = walk->registers.sp;
	struct run *run = find_beginning(atomic_load(&memo->table), walk->registers.pc);
	uint32_t i = 0;

	if (!walk->repeatable)
		return;
	if (!run) {
		run = run_create(memo, walk, 0, stack);
		if (run && table_grow(memo))
			put_beginning(atomic_load(&memo->table), walk->registers.pc, run);
		return;
	}
	for (uint32_t at = 0; i < walk->read_count && at < run->count; i++, at++) {
		const struct logged_read *logged = &walk->reads[i];
		const struct read *read = &run->reads[at];
		uint64_t relative = logged->flags & READ_RELATIVE;
		uint64_t value = relative ? logged->value - sp : logged->value;

		/* Equal reads so far mean the same next read; if not, the walk is not a function
		 * of its log (a library was closed meanwhile), and is not kept. */
		if ((logged->flags ^ read->flags) & (READ_FP | READ_CHECKED) ||
		    (!(read->flags & READ_FP) && (int32_t)(logged->address - sp) != read->offset))
			return;
		if (relative == (read->flags & READ_RELATIVE) && value == read->value)
			continue;
		struct run *next = find_branch(atomic_load(&memo->table), read, value, relative);
		if (!next) {
			add_branch(memo, read, value, relative,
				   run_create(memo, walk, i + 1, stack));
			return;
		}
		run = next;
		at = UINT32_MAX; /* the next run begins with the next read */
	}
}
