// SPDX-License-Identifier: MIT
/*
 * A descriptor's slot, and the code that every hooked call runs on it. The code is inline, because
 * it is a good part of the tracer's cost. It is for ledger.c and the runtime's usual path; ledger.h
 * describes the functions.
 *
 * Word a is stored last: a descriptor is recorded if a is not zero. Word b is written before a, by
 * the thread that opened the number. Until both are stored no other thread is given the number,
 * because it is open.
 */
#pragma once

#include "ledger.h"

enum {
	PAGE_SLOTS = 1024,
	PAGES = 1 << 20, /* numbers up to 2^30: the kernel's nr_open can't be set higher */
};

struct slot {
	_Atomic uint64_t a, b;
};

struct ledger_page {
	struct slot slots[PAGE_SLOTS];
	_Atomic uint64_t closes[PAGE_SLOTS]; /* each number's last close: struct last_close */
};

/* The last close of a number by a hook that had an entry for it. Its word is zero if it is not
 * known, because there was none, or something else has happened since. Kept so that a second close,
 * or a use, of the number can tell. Only while closing stacks are recorded. */
struct last_close {
	uint32_t closer; /* the stack that closed it, or STACK_NONE */
	uint32_t opener; /* the stack that had opened it */
	uint32_t thread; /* the kernel thread id of the closer; 0: not known, as closer */
};

_Static_assert(sizeof(struct slot) == 16, "a slot is two words");
_Static_assert((PAGES & (PAGES - 1)) == 0 && (int64_t)PAGES * PAGE_SLOTS == 1 << 30,
	       "the pages hold every number that the kernel can give");

/* Word a: stack 20, opened_at 30, kind 5, origin 2, owner 2, closing 1, generation 4 bits. Word b:
 * link 18 (dup_of, or with the bit above it set a connection), thread 22, sequence 23 bits. The
 * generation is never 0, so a isn't either. The sequence goes up each time the number is opened. So
 * the words differ even if the same call closes and reopens the number within a tick. */
enum {
	A_OPENED_AT = 20,
	A_KIND = 50,
	A_ORIGIN = 55,
	A_OWNER = 57,
	A_CLOSING = 59,
	A_GENERATION = 60,
	B_CONNECTED = 18,
	B_THREAD = 19,
	B_SEQUENCE = 41,
};

#define BITS(word, at, width) ((uint32_t)((word) >> (at) & ((UINT64_C(1) << (width)) - 1)))
#define CLOSING               (UINT64_C(1) << A_CLOSING)
#define OWNED                 (UINT64_C(3) << A_OWNER)
#define CONNECTED             (UINT64_C(1) << B_CONNECTED)
#define LINK                  ((CONNECTED << 1) - 1) /* with the CONNECTED bit */
/* GENERATION_OLD is for entries from before a fork that are older than the counter reaches. */
enum { GENERATION_OLD = 1, GENERATION_FIRST = 2 };

/* The fields of word a follow one another, and each is wide enough. */
_Static_assert(STACK_LIMIT == 1 << A_OPENED_AT, "a stack's id has 20 bits");
_Static_assert(A_OPENED_AT + 30 == A_KIND, "opened_at has 30 bits");
_Static_assert(A_KIND + 5 == A_ORIGIN && FD_KIND_COUNT <= 1 << 5, "a kind has 5 bits");
_Static_assert(A_ORIGIN + 2 == A_OWNER && FD_INHERITED < 1 << 2, "an origin has 2 bits");
_Static_assert(A_OWNER + 2 == A_CLOSING && FD_OWNER_POPEN < 1 << 2, "an owner has 2 bits");
_Static_assert(A_CLOSING + 1 == A_GENERATION && A_GENERATION + 4 == 64 &&
		       LEDGER_GENERATIONS == 1 << 4 && GENERATION_OLD > 0 &&
		       GENERATION_FIRST > GENERATION_OLD,
	       "a generation has 4 bits, and is not 0");
/* The same for word b. A connection's id is at most CONNECTION_LIMIT. */
_Static_assert(CONNECTION_LIMIT < 1 << B_CONNECTED && LEDGER_NO_FD < 1 << B_CONNECTED,
	       "a link has 18 bits");
_Static_assert(B_CONNECTED + 1 == B_THREAD, "the bit that tells the links apart");
_Static_assert(B_THREAD + 22 == B_SEQUENCE && 1 << 22 == 4 * 1024 * 1024,
	       "a thread's id has 22 bits: the kernel's PID_MAX_LIMIT");
_Static_assert(B_SEQUENCE + 23 == 64, "the sequence has 23 bits");

static inline struct slot *slot_of(const struct ledger *ledger, int fd)
{
	if (__builtin_expect((unsigned int)fd < PAGE_SLOTS, 1))
		return &ledger->first->slots[fd];
	if (fd < 0 || fd / PAGE_SLOTS >= PAGES)
		return NULL;
	struct ledger_page *page =
		atomic_load_explicit(&ledger->pages[fd / PAGE_SLOTS], memory_order_acquire);
	return page ? &page->slots[fd % PAGE_SLOTS] : NULL;
}

/* The same, but makes the slot if it is missing. NULL: no memory, or fd isn't a valid number. */
__attribute__((cold)) struct slot *slot_make(struct ledger *ledger, int fd);

/* Packs the facts from the opening call, as they are stored in word a from A_KIND on. */
static inline uint32_t slot_opening(enum fd_kind kind, enum fd_origin origin, enum fd_owner owner)
{
	return (uint32_t)kind | (uint32_t)origin << (A_ORIGIN - A_KIND) |
	       (uint32_t)owner << (A_OWNER - A_KIND);
}

static inline enum fd_origin slot_origin(uint32_t opening)
{
	return opening >> (A_ORIGIN - A_KIND) & 3;
}

/* A thread's id as entries and closes keep it: 22 bits, as many as the kernel's ids have. */
static inline uint32_t slot_thread(uint32_t thread)
{
	return BITS(thread, 0, 22);
}

/* The link in word b for a copy of dup_of; (uint32_t)-1 or LEDGER_NO_FD: it isn't a copy. */
static inline uint64_t slot_link(uint32_t dup_of)
{
	return dup_of < LEDGER_NO_FD ? dup_of : LEDGER_NO_FD;
}

/* The less usual parts of the counting: see ledger.c. */
void slot_rises(struct ledger *ledger, int fd, uint32_t opening, uint32_t opened_at);
__attribute__((cold)) void slot_counts_inherited(struct ledger *ledger);
__attribute__((cold)) void slot_counts_gone(struct ledger *ledger, int fd, uint64_t a);
__attribute__((cold)) void slot_counts_again(struct ledger *ledger, int fd, uint64_t a);
void slot_counts_run(struct ledger *ledger, struct stack_figures *figures, uint64_t before);
__attribute__((cold)) void slot_empty(struct ledger *ledger, int fd, struct slot *slot);
__attribute__((cold)) void slot_replace(struct ledger *ledger, int fd, struct slot *slot);

/* Counts that a descriptor of the stack with these figures is no longer open. */
static inline void slot_counts_closed(struct ledger *ledger, struct stack_figures *figures)
{
	uint64_t before = open_count_close(&figures->count);

	if (__builtin_expect(open_count_live(before) >= LEDGER_HELD_LEAST, 0))
		slot_counts_run(ledger, figures, before);
}

/* Counts that the entry with word a is gone. The thread that removed it calls this, once. */
static inline void slot_gone(struct ledger *ledger, int fd, uint64_t a)
{
	uint64_t generation = atomic_load_explicit(&ledger->generation, memory_order_relaxed);
	int highest = atomic_load_explicit(&ledger->numbers.highest, memory_order_relaxed);
	uint32_t stack = BITS(a, 0, 20);
	struct stack_figures *figures;

	if (__builtin_expect(stack < STACK_FIRST || a >> A_GENERATION != generation ||
				     BITS(a, A_ORIGIN, 2) == FD_INHERITED || fd > highest ||
				     !(figures = stack_table_known(&ledger->stacks, stack)),
			     0)) {
		slot_counts_gone(ledger, fd, a);
		return;
	}
	slot_counts_closed(ledger, figures);
}

/* ledger_opened, with the entry in parts; figures: those of the stack, or NULL. */
static inline __attribute__((always_inline)) void
slot_opened(struct ledger *ledger, int fd, uint32_t opening, uint64_t link, uint32_t opened_at,
	    uint32_t thread, uint32_t stack, struct stack_figures *figures)
{
	uint64_t generation = atomic_load_explicit(&ledger->generation, memory_order_relaxed);
	uint64_t ticks = opened_at < 1u << 30 ? opened_at : (1u << 30) - 1;
	struct slot *slot = slot_of(ledger, fd);

	if (__builtin_expect(!slot, 0) && !(slot = slot_make(ledger, fd))) {
		atomic_fetch_add(&ledger->dropped, 1);
		return;
	}
	uint64_t sequence = atomic_load_explicit(&slot->b, memory_order_relaxed) >> B_SEQUENCE;
	/* The old entry goes first, because a replaced descriptor (dup2) and its replacement are
	 * never open at once. */
	if (__builtin_expect(atomic_load_explicit(&slot->a, memory_order_relaxed) != 0, 0))
		slot_replace(ledger, fd, slot);
	if (__builtin_expect(slot_origin(opening) == FD_INHERITED, 0))
		slot_counts_inherited(ledger);
	if (__builtin_expect(figures != NULL, 1))
		open_count_open(&figures->count, (uint32_t)ticks);
	if (__builtin_expect(
		    fd > atomic_load_explicit(&ledger->numbers.highest, memory_order_relaxed), 0))
		slot_rises(ledger, fd, opening, (uint32_t)ticks);
	if (__builtin_expect(atomic_load_explicit(&ledger->counts_opens, memory_order_relaxed), 0))
		atomic_store_explicit(&ledger->opens,
				      atomic_load_explicit(&ledger->opens, memory_order_relaxed) +
					      1,
				      memory_order_relaxed);
	atomic_store_explicit(&slot->b,
			      link | (uint64_t)slot_thread(thread) << B_THREAD |
				      (sequence + 1) << B_SEQUENCE,
			      memory_order_relaxed);
	atomic_store_explicit(&slot->a,
			      (stack & (STACK_LIMIT - 1)) | ticks << A_OPENED_AT |
				      (uint64_t)opening << A_KIND | generation << A_GENERATION,
			      memory_order_release);
}

/* A word of closes: closer 20, opener 20, thread 22 bits, and one that is set in each. */
enum { C_OPENER = 20, C_THREAD = 40, C_KNOWN = 62 };

_Static_assert(STACK_LIMIT == 1 << C_OPENER && C_OPENER + 20 == C_THREAD &&
		       C_THREAD + 22 == C_KNOWN,
	       "a word holds two stacks and a thread");

static inline _Atomic uint64_t *slot_close_of(const struct ledger *ledger, int fd)
{
	struct ledger_page *page = NULL;

	if (__builtin_expect((unsigned int)fd < PAGE_SLOTS, 1))
		page = ledger->first;
	else if (fd > 0 && fd / PAGE_SLOTS < PAGES)
		page = atomic_load_explicit(&ledger->pages[fd / PAGE_SLOTS], memory_order_acquire);
	return page ? &page->closes[fd % PAGE_SLOTS] : NULL;
}

/* False: it is not known. */
static inline bool slot_last_close(const struct ledger *ledger, int fd, struct last_close *last)
{
	const _Atomic uint64_t *word = slot_close_of(ledger, fd);
	uint64_t close = word ? atomic_load(word) : 0;

	*last = (struct last_close){
		.closer = BITS(close, 0, 20),
		.opener = BITS(close, C_OPENER, 20),
		.thread = BITS(close, C_THREAD, 22),
	};
	return close != 0;
}

static inline void slot_forget_close(const struct ledger *ledger, int fd)
{
	_Atomic uint64_t *word = slot_close_of(ledger, fd);

	if (word && atomic_load_explicit(word, memory_order_relaxed))
		atomic_store(word, 0);
}

/* ledger_closing, but returns the entry. A plain store is enough: only a second close of the same
 * number can come between the load and the store, perhaps with a new open after it. Then this
 * thread's real close ends that newer descriptor anyway. If the entry was removed in between, the
 * store brings it back, marked, until this close ends. */
static inline struct closing slot_closing(struct ledger *ledger, int fd)
{
	struct closing closing = {.slot = slot_of(ledger, fd), .fd = fd};
	uint64_t a =
		closing.slot ? atomic_load_explicit(&closing.slot->a, memory_order_relaxed) : 0;

	if (!a) {
		closing.slot = NULL;
		return closing;
	}
	closing.a = a | CLOSING;
	closing.b = atomic_load_explicit(&closing.slot->b, memory_order_relaxed);
	atomic_store_explicit(&closing.slot->a, closing.a, memory_order_release);
	return closing;
}

/* Counts that a descriptor with this word a was closed by closer. To be called before slot_closed,
 * so that no snapshot finds more closes than closers, and only if the real close has closed it. It
 * doesn't matter whether another thread has been given the number by now. */
static inline void slot_closer(struct ledger *ledger, uint64_t a, uint32_t closer)
{
	uint64_t generation = atomic_load_explicit(&ledger->generation, memory_order_relaxed);
	uint32_t stack = BITS(a, 0, 20);
	struct stack_figures *figures;

	/* Inherited ones have no stack of this process. */
	if (!atomic_load_explicit(&ledger->closers.on, memory_order_acquire) ||
	    stack < STACK_FIRST || a >> A_GENERATION != generation ||
	    BITS(a, A_ORIGIN, 2) == FD_INHERITED ||
	    !(figures = stack_table_known(&ledger->stacks, stack)))
		return;
	uint64_t first = atomic_load_explicit(&figures->closers.first, memory_order_relaxed);
	if (__builtin_expect(closer >= STACK_FIRST && (first & (STACK_LIMIT - 1)) == closer, 1))
		atomic_fetch_add_explicit(&figures->closers.first, UINT64_C(1) << CLOSER_COUNT,
					  memory_order_relaxed);
	else
		closer_table_add(&ledger->closers, &figures->closers, stack, closer);
}

/* Keeps the close of an entry as its number's last one. To be called after the real close, and
 * before slot_closed: so a failed close of the number that finds no entry finds this close. */
static inline void slot_keep_close(struct ledger *ledger, const struct closing *closing,
				   uint32_t thread)
{
	_Atomic uint64_t *word = slot_close_of(ledger, closing->fd);

	if (atomic_load_explicit(&ledger->closers.on, memory_order_relaxed) && word)
		atomic_store_explicit(
			word,
			closing->closer | (uint64_t)BITS(closing->a, 0, 20) << C_OPENER |
				(uint64_t)slot_thread(thread) << C_THREAD | UINT64_C(1) << C_KNOWN,
			memory_order_release);
}

/* ledger_closed. At this point another thread that was given the number may store its entry at any
 * moment, and may even mark it, for a copy over its number. So only the entry that this thread
 * marked is removed. */
static inline void slot_closed(struct ledger *ledger, struct closing closing)
{
	uint64_t b = atomic_load_explicit(&closing.slot->b, memory_order_relaxed), a = closing.a;

	if (__builtin_expect((b ^ closing.b) >> B_SEQUENCE == 0, 1) &&
	    __builtin_expect(atomic_compare_exchange_strong(&closing.slot->a, &a, 0), 1))
		slot_gone(ledger, closing.fd, a);
}

/* ledger_still_open, for an entry that this thread marked: removes the mark. A long range doesn't
 * remember the words of all entries it marks, so another thread's late close_range may have removed
 * this entry, too; then it is put back. */
static inline void slot_still_open(struct ledger *ledger, struct closing closing)
{
	uint64_t marked = closing.a, none = 0;

	if ((atomic_load(&closing.slot->b) ^ closing.b) >> B_SEQUENCE == 0 &&
	    !atomic_compare_exchange_strong(&closing.slot->a, &marked, closing.a & ~CLOSING) &&
	    atomic_compare_exchange_strong(&closing.slot->a, &none, closing.a & ~CLOSING))
		slot_counts_again(ledger, closing.fd, closing.a);
}

/* The stack that opened fd; STACK_NONE: it has no entry. */
static inline uint32_t slot_stack(const struct ledger *ledger, int fd)
{
	const struct slot *slot = slot_of(ledger, fd);

	return slot ? BITS(atomic_load_explicit(&slot->a, memory_order_relaxed), 0, A_OPENED_AT)
		    : STACK_NONE;
}

/* The kind that fd was opened as; FD_UNKNOWN if it has no entry. */
static inline enum fd_kind slot_kind(const struct ledger *ledger, int fd)
{
	const struct slot *slot = slot_of(ledger, fd);

	return slot ? BITS(atomic_load_explicit(&slot->a, memory_order_relaxed), A_KIND, 5)
		    : FD_UNKNOWN;
}
