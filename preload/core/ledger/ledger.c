// SPDX-License-Identifier: MIT
/*
 * See ledger.h, and slot.h for the part that every hooked call runs.
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
	ledger->exec_generation = 1;
	atomic_store(&ledger->numbers.highest, -1);
	if (!ledger->pages || !ledger->first)
		return false;
	atomic_store(&ledger->pages[0], ledger->first);
	atomic_store(&ledger->page_end, 1);
	language_table_init(&ledger->languages, arena);
	return module_table_init(&ledger->modules, arena) &&
	       stack_table_init(&ledger->stacks, arena) &&
	       connection_table_init(&ledger->connections, arena);
}

/* The number of entries above fd. */
static int count_beyond(const struct ledger *ledger, int fd)
{
	int count = 0;

	while ((fd = ledger_next(ledger, fd + 1)) >= 0)
		count++;
	return count;
}

static bool raised(_Atomic uint32_t *peak, uint32_t count)
{
	uint32_t most = atomic_load(peak);

	while (count > most)
		if (atomic_compare_exchange_weak(peak, &most, count))
			return true;
	return false;
}

static void raise_peak(struct ledger_numbers *numbers, uint32_t at, bool at_most)
{
	int beyond = atomic_load(&numbers->beyond), inherited = atomic_load(&numbers->inherited);
	int all = atomic_load(&numbers->highest) + 1 + (beyond > 0 ? beyond : 0);
	int own = all - (inherited > 0 ? inherited : 0);

	raised(&numbers->peak_all, (uint32_t)all);
	if (own > 0 && raised(&numbers->peak, (uint32_t)own)) {
		atomic_store(&numbers->peak_at, at);
		atomic_store(&numbers->at_most, at_most);
	}
}

/* Finds highest and beyond again, by reading the entries. */
static void renumber(struct ledger *ledger)
{
	int highest = -1;

	while (ledger_read(ledger, highest + 1, NULL, NULL))
		highest++;
	atomic_store(&ledger->numbers.highest, highest);
	atomic_store(&ledger->numbers.beyond, count_beyond(ledger, highest));
}

/* Called before the entry of fd is stored, if fd is higher than numbers.highest. */
void slot_rises(struct ledger *ledger, int fd, uint32_t opening, uint32_t opened_at)
{
	struct ledger_numbers *numbers = &ledger->numbers;
	int highest, below;

	if (atomic_exchange(&numbers->stale, false))
		renumber(ledger);
	highest = atomic_load(&numbers->highest);
	if (fd < highest)
		return; /* a gap has been filled, or another thread was faster */
	below = highest + 1;
	while (below < fd && ledger_read(ledger, below, NULL, NULL))
		below++;
	/* There is a gap below fd: the program has chosen the number, or a descriptor in the gap is
	 * not recorded. The kernel itself always takes the lowest free number. */
	if (below < fd) {
		atomic_fetch_add(&numbers->beyond, 1);
		raise_peak(numbers, opened_at, slot_origin(opening) == FD_DUPLICATED);
		return;
	}
	while (fd > highest && !atomic_compare_exchange_weak(&numbers->highest, &highest, fd))
		;
	if (atomic_load(&numbers->beyond))
		atomic_store(&numbers->beyond, count_beyond(ledger, fd));
	raise_peak(numbers, opened_at, false);
}

void slot_counts_inherited(struct ledger *ledger)
{
	atomic_fetch_add(&ledger->numbers.inherited, 1);
}

/* Adds count, 1 or -1, to every count that includes the entry with word a. */
static void count_entry(struct ledger *ledger, int fd, uint64_t a, int count)
{
	struct stack_figures *figures = stack_table_figures(&ledger->stacks, BITS(a, 0, 20));
	/* The stacks' counts have started again at the fork. */
	bool before_fork = BITS(a, A_GENERATION, 4) != atomic_load(&ledger->generation);

	if (figures && !before_fork && count < 0)
		slot_counts_closed(ledger, figures);
	else if (figures && !before_fork)
		atomic_fetch_add(&figures->count.word, OPEN_COUNT_LIVE);
	if (fd > atomic_load(&ledger->numbers.highest))
		atomic_fetch_add(&ledger->numbers.beyond, count);
	if (before_fork || BITS(a, A_ORIGIN, 2) == FD_INHERITED) {
		atomic_fetch_add(&ledger->numbers.inherited, count);
		atomic_store(&ledger->numbers.stale, true);
		atomic_store(&ledger->numbers.highest, -1);
	}
}

void slot_counts_gone(struct ledger *ledger, int fd, uint64_t a)
{
	count_entry(ledger, fd, a, -1);
}

void slot_counts_again(struct ledger *ledger, int fd, uint64_t a)
{
	count_entry(ledger, fd, a, 1);
}

/* A descriptor of figures' stack was closed; before is the count word from before that. */
void slot_counts_run(struct ledger *ledger, struct stack_figures *figures, uint64_t before)
{
	uint32_t opened = (uint32_t)open_count_opened(before);

	if (opened == atomic_load(&figures->run_opened))
		return;
	if (!atomic_load(&ledger->counts_opens))
		atomic_store(&ledger->counts_opens, true);
	atomic_store_explicit(&figures->run_opened, opened, memory_order_relaxed);
	atomic_store_explicit(&figures->run_live, (uint32_t)open_count_live(before),
			      memory_order_relaxed);
	atomic_store_explicit(&figures->run_opens, atomic_load(&ledger->opens),
			      memory_order_relaxed);
}

void slot_empty(struct ledger *ledger, int fd, struct slot *slot)
{
	uint64_t a = atomic_exchange(&slot->a, 0);

	if (a)
		slot_gone(ledger, fd, a);
}

/* The entry of a number that was opened again: a call that no hook has seen has closed it, unless a
 * close or a copy has marked it, which counts it itself. */
void slot_replace(struct ledger *ledger, int fd, struct slot *slot)
{
	uint64_t a = atomic_exchange(&slot->a, 0);

	if (a && !(a & CLOSING))
		ledger_closed_untraced(ledger, (struct ledger_words){.a = a});
	if (a)
		slot_gone(ledger, fd, a);
}

void ledger_closed_untraced(struct ledger *ledger, struct ledger_words words)
{
	uint32_t stack = BITS(words.a, 0, 20);
	struct stack_figures *figures = stack_table_figures(&ledger->stacks, stack);

	if (atomic_load(&ledger->closers.on) && figures &&
	    BITS(words.a, A_ORIGIN, 2) != FD_INHERITED &&
	    words.a >> A_GENERATION == atomic_load(&ledger->generation))
		atomic_fetch_add(&figures->closers.untraced, 1);
}

struct slot *slot_make(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);

	if (slot || fd < 0 || fd / PAGE_SLOTS >= PAGES)
		return slot;

	struct ledger_page *none = NULL, *page = arena_alloc(ledger->arena, sizeof(*page));
	if (!page)
		return NULL;
	/* The loser of this race leaks its page: 16 KiB, once. */
	atomic_compare_exchange_strong(&ledger->pages[fd / PAGE_SLOTS], &none, page);

	uint32_t end = atomic_load(&ledger->page_end), mine = (uint32_t)fd / PAGE_SLOTS + 1;
	while (end < mine && !atomic_compare_exchange_weak(&ledger->page_end, &end, mine))
		;
	return slot_of(ledger, fd);
}

void ledger_move_page(struct ledger *ledger, uint32_t page, struct ledger_page *to)
{
	const struct ledger_page *from = atomic_load(&ledger->pages[page]);

	for (int i = 0; from && i < PAGE_SLOTS; i++) {
		atomic_store(&to->slots[i].b, atomic_load(&from->slots[i].b));
		atomic_store(&to->slots[i].a, atomic_load(&from->slots[i].a));
	}
	atomic_store(&ledger->pages[page], to);
	if (page == 0)
		ledger->first = to;
	if (atomic_load(&ledger->page_end) <= page)
		atomic_store(&ledger->page_end, page + 1);
}

bool ledger_adopt(struct ledger *ledger, int fd, struct ledger_words *words)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = 0, b, link = slot_link(LEDGER_NO_FD);

	if (!slot && !(slot = slot_make(ledger, fd))) {
		atomic_fetch_add(&ledger->dropped, 1);
		return false;
	}
	/* A hook that records the number at this moment has stored b, or stores both words
	 * later. */
	b = atomic_load(&slot->b);
	if (atomic_load(&slot->a) ||
	    !atomic_compare_exchange_strong(&slot->b, &b, (b & ~LINK) | link))
		return false;
	words->b = (b & ~LINK) | link;
	words->a = (uint64_t)slot_opening(FD_UNKNOWN, FD_INHERITED, FD_OWNER_NONE) << A_KIND |
		   (uint64_t)atomic_load(&ledger->generation) << A_GENERATION;
	if (!atomic_compare_exchange_strong(&slot->a, &a, words->a))
		return false;
	slot_counts_inherited(ledger);
	if (fd > atomic_load(&ledger->numbers.highest))
		slot_rises(ledger, fd, slot_opening(FD_UNKNOWN, FD_INHERITED, FD_OWNER_NONE), 0);
	return true;
}

void ledger_clear(struct ledger *ledger)
{
	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1))
		ledger_forget(ledger, fd);
	ledger_forked(ledger, false);
}

void ledger_release(struct ledger *ledger)
{
	memory_unmap((void *)ledger->pages, sizeof(*ledger->pages) * PAGES);
	ledger->pages = NULL;
	ledger->first = NULL;
	module_table_release(&ledger->modules);
	stack_table_release(&ledger->stacks);
	connection_table_release(&ledger->connections);
	closer_table_release(&ledger->closers);
	language_table_release(&ledger->languages);
	mark_table_release(&ledger->marks);
	use_table_release(&ledger->uses);
}

bool ledger_copy(struct ledger *ledger, const struct ledger *from)
{
	for (int fd = ledger_next(from, 0); fd >= 0; fd = ledger_next(from, fd + 1)) {
		struct slot *copy = slot_make(ledger, fd);
		struct ledger_words words;

		if (!copy)
			return false;
		/* The program may be recording (preload/planted/). */
		if (!ledger_read(from, fd, NULL, &words))
			continue;
		atomic_store(&copy->b, words.b);
		atomic_store(&copy->a, words.a);
	}
	atomic_store(&ledger->generation, atomic_load(&from->generation));
	ledger->exec_generation = from->exec_generation;
	memcpy(&ledger->numbers, &from->numbers, sizeof(ledger->numbers));
	atomic_store(&ledger->counts_opens, atomic_load(&from->counts_opens));
	atomic_store(&ledger->opens, atomic_load(&from->opens));
	return module_table_copy(&ledger->modules, &from->modules) &&
	       stack_table_copy(&ledger->stacks, &from->stacks) &&
	       connection_table_copy(&ledger->connections, &from->connections) &&
	       closer_table_copy(&ledger->closers, &from->closers) &&
	       language_table_copy(&ledger->languages, &from->languages);
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
		.before_exec = BITS(words.a, A_ORIGIN, 2) == FD_INHERITED &&
			       BITS(words.a, 0, 20) >= STACK_FIRST,
	};
}

void ledger_opened(struct ledger *ledger, int fd, const struct ledger_entry *entry)
{
	slot_opened(ledger, fd, slot_opening(entry->kind, entry->origin, entry->owner),
		    entry->connection ? entry->connection | CONNECTED : slot_link(entry->dup_of),
		    entry->opened_at, entry->thread, entry->stack,
		    stack_table_figures(&ledger->stacks, entry->stack));
}

void ledger_came_by_exec(struct ledger *ledger, int fd, uint32_t stack, enum fd_kind kind,
			 uint32_t generation)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0, b = slot ? atomic_load(&slot->b) : 0;

	if (!a || BITS(a, A_ORIGIN, 2) != FD_INHERITED || stack < STACK_FIRST)
		return;
	atomic_store(&slot->b, (b & ~(uint64_t)LEDGER_NO_FD) | generation);
	/* So old that the stack's counts leave it out. */
	a = (uint64_t)GENERATION_OLD << A_GENERATION;
	atomic_store(&slot->a,
		     a | stack | (uint64_t)kind << A_KIND | (uint64_t)FD_INHERITED << A_ORIGIN);
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
		slot_closed(ledger,
			    (struct closing){
				    .slot = slot, .a = a, .b = atomic_load(&slot->b), .fd = fd});
}

void ledger_still_open(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0;

	if (a & CLOSING)
		atomic_compare_exchange_strong(&slot->a, &a, a & ~CLOSING);
}

/* The first number of the range, from fd on, that has an entry, or -1. */
static int next_in_range(const struct ledger *ledger, const struct closing_range *range, int fd)
{
	fd = (unsigned int)fd <= range->last ? ledger_next(ledger, fd) : -1;
	return fd >= 0 && (unsigned int)fd <= range->last ? fd : -1;
}

void ledger_closing_range(struct ledger *ledger, struct closing_range *range, unsigned int first,
			  unsigned int last)
{
	int end = ledger_end(ledger);

	range->first = first < (unsigned int)end ? first : (unsigned int)end;
	range->last = last;
	range->count = 0;
	range->marked_to = (int)range->first;
	for (int fd = range->marked_to; (fd = next_in_range(ledger, range, fd)) >= 0; fd++) {
		struct closing closing = slot_closing(ledger, fd);

		if (!closing.slot || range->count == CLOSING_KEPT)
			continue;
		range->kept[range->count++] = closing;
		range->marked_to = fd + 1;
	}
}

/* Code that closes a range closes what is not its own, and says so: these are no last closes. */
void ledger_closed_range(struct ledger *ledger, const struct closing_range *range, uint32_t closer)
{
	for (int i = 0; i < range->count; i++) {
		slot_closer(ledger, range->kept[i].a, closer);
		slot_forget_close(ledger, range->kept[i].fd);
		slot_closed(ledger, range->kept[i]);
	}
	for (int fd = range->marked_to; (fd = next_in_range(ledger, range, fd)) >= 0; fd++) {
		const struct slot *slot = slot_of(ledger, fd);
		uint64_t a = slot ? atomic_load(&slot->a) : 0;

		if (a & CLOSING)
			slot_closer(ledger, a, closer);
		slot_forget_close(ledger, fd);
		ledger_closed(ledger, fd);
	}
}

void ledger_still_open_range(struct ledger *ledger, const struct closing_range *range)
{
	for (int i = 0; i < range->count; i++)
		slot_still_open(ledger, range->kept[i]);
	for (int fd = range->marked_to; (fd = next_in_range(ledger, range, fd)) >= 0; fd++)
		ledger_still_open(ledger, fd);
}

void ledger_forget(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);

	if (slot)
		slot_empty(ledger, fd, slot);
}

bool ledger_forget_if(struct ledger *ledger, int fd, struct ledger_words words)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = words.a;

	if (!slot || atomic_load(&slot->b) != words.b ||
	    !atomic_compare_exchange_strong(&slot->a, &a, 0))
		return false;
	slot_gone(ledger, fd, a);
	return true;
}

bool ledger_hand_over(struct ledger *ledger, int fd, uint32_t from, struct captured to)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load(&slot->a) : 0;

	if (!a || a & CLOSING || BITS(a, 0, A_OPENED_AT) != from || !to.figures ||
	    BITS(a, A_GENERATION, 4) != atomic_load(&ledger->generation))
		return false;
	/* Counted first: the entry may be closed, and counted out, as soon as it is changed. */
	open_count_open(&to.figures->count, BITS(a, A_OPENED_AT, 30));
	if (!atomic_compare_exchange_strong(&slot->a, &a,
					    (a & -(UINT64_C(1) << A_OPENED_AT)) | to.stack)) {
		atomic_fetch_sub(&to.figures->count.word, OPEN_COUNT_OPENED);
		return false;
	}
	struct stack_figures *figures = stack_table_figures(&ledger->stacks, from);
	if (figures)
		slot_counts_closed(ledger, figures);
	return true;
}

bool ledger_read(const struct ledger *ledger, int fd, struct ledger_entry *entry,
		 struct ledger_words *words)
{
	struct slot *slot = slot_of(ledger, fd);
	struct ledger_words read = {0};

	if (!slot)
		return false;
	/* b belongs to a if a is the same before and after. */
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

uint32_t ledger_times_recorded(const struct ledger *ledger, int fd)
{
	const struct slot *slot = slot_of(ledger, fd);

	return slot ? (uint32_t)(atomic_load(&slot->b) >> B_SEQUENCE) : 0;
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

uint32_t ledger_last_use(const struct ledger *ledger, int fd, uint32_t times_recorded)
{
	return ledger_read(ledger, fd, NULL, NULL)
		       ? use_table_stack(&ledger->uses, fd, times_recorded)
		       : STACK_NONE;
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

struct ledger_peak ledger_peak(const struct ledger *ledger)
{
	const struct ledger_numbers *numbers = &ledger->numbers;

	return (struct ledger_peak){
		.opened = atomic_load(&numbers->peak),
		.all = atomic_load(&numbers->peak_all),
		.at = atomic_load(&numbers->peak_at),
		.at_most = atomic_load(&numbers->at_most),
	};
}

uint32_t ledger_held(const struct ledger *ledger, const struct stack_figures *figures)
{
	int32_t live = open_count_live(atomic_load(&figures->count.word));
	uint32_t held = live > 0 ? (uint32_t)live : 0, run = atomic_load(&figures->run_live);

	if (run > held &&
	    atomic_load(&ledger->opens) - atomic_load(&figures->run_opens) <= LEDGER_TEARDOWN_OPENS)
		return run;
	return held;
}

/* The parent's closes say nothing about those of a child. */
static void forget_closes(struct ledger *ledger)
{
	uint32_t end = atomic_load(&ledger->page_end);

	misuse_table_reset(&ledger->misuses);
	for (uint32_t i = 0; i < end; i++) {
		struct ledger_page *page = atomic_load(&ledger->pages[i]);

		for (uint32_t fd = 0; page && fd < PAGE_SLOTS; fd++)
			if (atomic_load_explicit(&page->closes[fd], memory_order_relaxed))
				atomic_store(&page->closes[fd], 0);
	}
}

/* In a forked process, all that is open was inherited from its parent. */
static void inherit_numbers(struct ledger *ledger)
{
	struct ledger_numbers *numbers = &ledger->numbers;

	renumber(ledger);
	int inherited = atomic_load(&numbers->highest) + 1 + atomic_load(&numbers->beyond);

	atomic_store(&numbers->stale, false);
	atomic_store(&numbers->inherited, inherited);
	atomic_store(&numbers->peak_all, (uint32_t)inherited);
	atomic_store(&numbers->peak, 0);
	atomic_store(&numbers->peak_at, 0);
	atomic_store(&numbers->at_most, false);
	atomic_store(&ledger->counts_opens, false);
	atomic_store(&ledger->opens, 0);
}

void ledger_forked(struct ledger *ledger, bool stacks_torn)
{
	uint32_t generation = atomic_load(&ledger->generation) + 1;

	if (stacks_torn)
		stack_table_rebuild(&ledger->stacks);
	stack_table_reset_figures(&ledger->stacks);
	closer_table_reset(&ledger->closers);
	use_table_forget(&ledger->uses, ledger_end(ledger));
	forget_closes(ledger);
	inherit_numbers(ledger);
	if (generation < LEDGER_GENERATIONS) {
		atomic_store(&ledger->generation, generation);
		return;
	}
	/* The counter is full: all entries become "old". */
	for (int fd = ledger_next(ledger, 0); fd >= 0; fd = ledger_next(ledger, fd + 1)) {
		struct slot *slot = slot_of(ledger, fd);
		uint64_t a = atomic_load(&slot->a);
		if (a)
			atomic_store(&slot->a, (a & ~(UINT64_C(15) << A_GENERATION)) |
						       (uint64_t)GENERATION_OLD << A_GENERATION);
	}
	atomic_store(&ledger->generation, GENERATION_FIRST);
}
