// SPDX-License-Identifier: MIT
/*
 * See ledger.h, and slot.h for what every call does.
 */
#include "slot.h"

#include <string.h>

bool ledger_init(struct ledger *ledger, struct arena *arena)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->arena = arena;
	ledger->pages = memory_map(sizeof(*ledger->pages) * PAGES);
	ledger->first = arena_alloc(arena, sizeof(*ledger->first));
	atomic_store(&ledger->generation, GENERATION_FIRST);
	if (!ledger->pages || !ledger->first)
		return false;
	atomic_store(&ledger->pages[0], ledger->first);
	atomic_store(&ledger->page_end, 1);
	return module_table_init(&ledger->modules, arena) &&
	       stack_table_init(&ledger->stacks, arena) &&
	       connection_table_init(&ledger->connections, arena);
}

struct slot *slot_make(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);

	if (slot || fd < 0 || fd / PAGE_SLOTS >= PAGES)
		return slot;

	struct ledger_page *none = NULL, *page = arena_alloc(ledger->arena, sizeof(*page));
	if (!page)
		return NULL;
	/* Whoever loses this race leaves its page behind: 16 KiB, once. */
	atomic_compare_exchange_strong(&ledger->pages[fd / PAGE_SLOTS], &none, page);

	uint32_t end = atomic_load(&ledger->page_end), mine = (uint32_t)fd / PAGE_SLOTS + 1;
	while (end < mine && !atomic_compare_exchange_weak(&ledger->page_end, &end, mine))
		;
	return slot_of(ledger, fd);
}

void ledger_release(struct ledger *ledger)
{
	memory_unmap((void *)ledger->pages, sizeof(*ledger->pages) * PAGES);
	ledger->pages = NULL;
	ledger->first = NULL;
	module_table_release(&ledger->modules);
	stack_table_release(&ledger->stacks);
	connection_table_release(&ledger->connections);
}

bool ledger_copy(struct ledger *ledger, const struct ledger *from)
{
	for (int fd = ledger_next(from, 0); fd >= 0; fd = ledger_next(from, fd + 1)) {
		const struct slot *slot = slot_of(from, fd);
		struct slot *copy = slot_make(ledger, fd);

		if (!copy)
			return false;
		atomic_store(&copy->b, atomic_load(&slot->b));
		atomic_store(&copy->a, atomic_load(&slot->a));
	}
	atomic_store(&ledger->generation, atomic_load(&from->generation));
	return module_table_copy(&ledger->modules, &from->modules) &&
	       stack_table_copy(&ledger->stacks, &from->stacks) &&
	       connection_table_copy(&ledger->connections, &from->connections);
}

void ledger_unpack(const struct ledger *ledger, struct ledger_words words,
		   struct ledger_entry *entry)
{
	*entry = (struct ledger_entry){
		.stack = BITS(words.a, 0, 20),
		.connection = words.b & CONNECTED ? BITS(words.b, 0, 18) : CONNECTION_NONE,
		.opened_at = BITS(words.a, A_OPENED_AT, 30),
		.thread = BITS(words.b, B_THREAD, 22),
		.dup_of = words.b & CONNECTED ? LEDGER_NO_FD : BITS(words.b, 0, 18),
		.kind = BITS(words.a, A_KIND, 5),
		.origin = BITS(words.a, A_ORIGIN, 2),
		.owner = BITS(words.a, A_OWNER, 2),
		.closing = words.a & CLOSING,
		.before_fork = BITS(words.a, A_GENERATION, 4) != atomic_load(&ledger->generation),
	};
}

void ledger_opened(struct ledger *ledger, int fd, const struct ledger_entry *entry)
{
	slot_opened(ledger, fd, slot_opening(entry->kind, entry->origin, entry->owner),
		    entry->connection ? entry->connection | CONNECTED : slot_link(entry->dup_of),
		    entry->opened_at, entry->thread, entry->stack,
		    stack_table_figures(&ledger->stacks, entry->stack));
}

bool ledger_closing(struct ledger *ledger, int fd)
{
	return slot_closing(ledger, fd).slot != NULL;
}

void ledger_closed(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0;

	if (a & CLOSING)
		slot_closed((struct closing){slot, a, atomic_load(&slot->b)});
}

void ledger_still_open(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0;

	if (a & CLOSING)
		atomic_compare_exchange_strong(&slot->a, &a, a & ~CLOSING);
}

static void each_in_range(struct ledger *ledger, unsigned int first, unsigned int last,
			  void (*act)(struct ledger *, int))
{
	int end = ledger_end(ledger);

	for (int fd = first < (unsigned int)end ? ledger_next(ledger, (int)first) : -1;
	     fd >= 0 && (unsigned int)fd <= last; fd = ledger_next(ledger, fd + 1))
		act(ledger, fd);
}

static void mark_closing(struct ledger *ledger, int fd)
{
	ledger_closing(ledger, fd);
}

void ledger_closing_range(struct ledger *ledger, unsigned int first, unsigned int last)
{
	each_in_range(ledger, first, last, mark_closing);
}

void ledger_closed_range(struct ledger *ledger, unsigned int first, unsigned int last)
{
	each_in_range(ledger, first, last, ledger_closed);
}

void ledger_still_open_range(struct ledger *ledger, unsigned int first, unsigned int last)
{
	each_in_range(ledger, first, last, ledger_still_open);
}

void ledger_forget(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);

	if (slot)
		atomic_store(&slot->a, 0);
}

bool ledger_forget_if(struct ledger *ledger, int fd, struct ledger_words words)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = words.a;

	return slot && atomic_load(&slot->b) == words.b &&
	       atomic_compare_exchange_strong(&slot->a, &a, 0);
}

bool ledger_read(const struct ledger *ledger, int fd, struct ledger_entry *entry,
		 struct ledger_words *words)
{
	struct slot *slot = slot_of(ledger, fd);
	struct ledger_words read = {0};

	if (!slot)
		return false;
	/* b is that of a when a is the same before and after. */
	do {
		read.a = atomic_load_explicit(&slot->a, memory_order_acquire);
		read.b = atomic_load_explicit(&slot->b, memory_order_acquire);
	} while (read.a != atomic_load_explicit(&slot->a, memory_order_acquire));
	if (!read.a)
		return false;
	if (entry)
		ledger_unpack(ledger, read, entry);
	if (words)
		*words = read;
	return true;
}

void ledger_set_connection(struct ledger *ledger, int fd, uint32_t connection)
{
	struct slot *slot = slot_of(ledger, fd);

	if (!slot || !atomic_load(&slot->a))
		return;
	uint64_t b = atomic_load(&slot->b);
	while (!atomic_compare_exchange_weak(&slot->b, &b, (b & ~LINK) | CONNECTED | connection))
		;
}

void ledger_used(struct ledger *ledger, int fd, uint32_t stack, bool shared)
{
	struct ledger_entry entry;

	if (ledger_read(ledger, fd, &entry, NULL) && entry.kind == FD_SOCKET)
		ledger_set_connection(ledger, fd,
				      connection_table_used(&ledger->connections, entry.connection,
							    stack, shared));
}

void ledger_set_owner(struct ledger *ledger, int fd, enum fd_owner owner)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0;

	while (a &&
	       !atomic_compare_exchange_weak(
		       &slot->a, &a, (a & ~(UINT64_C(3) << A_OWNER)) | (uint64_t)owner << A_OWNER))
		;
}

int ledger_end(const struct ledger *ledger)
{
	return (int)atomic_load(&ledger->page_end) * PAGE_SLOTS;
}

int ledger_next(const struct ledger *ledger, int from)
{
	int end = ledger_end(ledger);

	for (int fd = from < 0 ? 0 : from; fd < end; fd++) {
		struct slot *slot = slot_of(ledger, fd);

		if (!slot)
			fd |= PAGE_SLOTS - 1;
		else if (atomic_load_explicit(&slot->a, memory_order_relaxed))
			return fd;
	}
	return -1;
}

size_t ledger_count(const struct ledger *ledger)
{
	size_t count = 0;

	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1)) {
		struct ledger_words words;
		count += ledger_read(ledger, fd, NULL, &words) && !(words.a & CLOSING);
	}
	return count;
}

void ledger_take_figures(struct ledger *ledger)
{
	uint32_t count = atomic_load(&ledger->stacks.count);
	struct stack_figures *figures;

	for (uint32_t id = STACK_OVERFLOW; id < count; id++)
		if ((figures = stack_table_figures(&ledger->stacks, id)))
			figures->live = 0;
	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1)) {
		struct ledger_entry entry;

		if (ledger_read(ledger, fd, &entry, NULL) && !entry.before_fork &&
		    (figures = stack_table_figures(&ledger->stacks, entry.stack)))
			figures->live++;
	}
}

void ledger_forked(struct ledger *ledger, bool stacks_torn)
{
	uint32_t generation = atomic_load(&ledger->generation) + 1;

	if (stacks_torn)
		stack_table_rebuild(&ledger->stacks);
	stack_table_reset_figures(&ledger->stacks);
	if (generation < LEDGER_GENERATIONS) {
		atomic_store(&ledger->generation, generation);
		return;
	}
	/* The counter is full: all that is here becomes simply old. */
	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1)) {
		struct slot *slot = slot_of(ledger, fd);
		uint64_t a = atomic_load(&slot->a);
		if (a)
			atomic_store(&slot->a, (a & ~(UINT64_C(15) << A_GENERATION)) |
						       (uint64_t)GENERATION_OLD << A_GENERATION);
	}
	atomic_store(&ledger->generation, GENERATION_FIRST);
}
