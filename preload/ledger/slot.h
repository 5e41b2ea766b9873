// SPDX-License-Identifier: MIT
/*
 * A descriptor's slot and what every hooked call does with it, inline: it is a good part of what
 * the tracer costs. For ledger.c and the runtime's usual path; ledger.h says what each function
 * does.
 *
 * Word a is what is stored last: a descriptor is recorded when a is not zero. Word b is written
 * before a and belongs to whoever opened the number; between the real open's return and the store
 * the kernel gives that number to nobody else.
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
};

/* Word a: stack 20, opened_at 30, kind 5, origin 2, owner 2, closing 1, generation 4 bits.
 * Word b: link 18 (dup_of, or with the bit above it set a connection), thread 22, sequence 23 bits.
 * The generation is never 0, so a is not. The sequence goes up each time the number is opened: one
 * that was closed and opened anew by the same call within a tick has other words all the same. */
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
#define CONNECTED             (UINT64_C(1) << B_CONNECTED)
#define LINK                  ((CONNECTED << 1) - 1) /* with its bit */
/* The generation of entries from before a fork that are older than the counter can tell. */
enum { GENERATION_OLD = 1, GENERATION_FIRST = 2 };

static inline struct slot *slot_of(const struct ledger *ledger, int fd)
{
	if (fd < 0 || fd / PAGE_SLOTS >= PAGES)
		return NULL;
	struct ledger_page *page =
		atomic_load_explicit(&ledger->pages[fd / PAGE_SLOTS], memory_order_acquire);
	return page ? &page->slots[fd % PAGE_SLOTS] : NULL;
}

/* The same, made when it is missing; NULL: no memory, or no number. */
struct slot *slot_make(struct ledger *ledger, int fd);

static inline struct ledger_words slot_pack(const struct ledger *ledger,
					    const struct ledger_entry *entry, uint64_t previous_b)
{
	uint64_t generation = atomic_load_explicit(&ledger->generation, memory_order_relaxed);
	uint64_t dup_of = entry->dup_of < LEDGER_NO_FD ? entry->dup_of : LEDGER_NO_FD;
	uint64_t link = entry->connection ? entry->connection | CONNECTED : dup_of;
	uint64_t opened_at = entry->opened_at < 1u << 30 ? entry->opened_at : (1u << 30) - 1;

	return (struct ledger_words){
		.a = (entry->stack & (STACK_LIMIT - 1)) | opened_at << A_OPENED_AT |
		     (uint64_t)entry->kind << A_KIND | (uint64_t)entry->origin << A_ORIGIN |
		     (uint64_t)entry->owner << A_OWNER | generation << A_GENERATION,
		.b = link | ((previous_b >> B_SEQUENCE) + 1) << B_SEQUENCE |
		     (uint64_t)(entry->thread & 0x3fffff) << B_THREAD,
	};
}

/* figures: those of the entry's stack, or NULL. */
static inline void slot_opened(struct ledger *ledger, int fd, const struct ledger_entry *entry,
			       struct stack_figures *figures)
{
	struct slot *slot = slot_of(ledger, fd);

	if (__builtin_expect(!slot, 0) && !(slot = slot_make(ledger, fd))) {
		atomic_fetch_add(&ledger->dropped, 1);
		return;
	}
	struct ledger_words words =
		slot_pack(ledger, entry, atomic_load_explicit(&slot->b, memory_order_relaxed));
	if (figures)
		atomic_fetch_add_explicit(&figures->opened, 1, memory_order_relaxed);
	atomic_store_explicit(&slot->b, words.b, memory_order_relaxed);
	atomic_store_explicit(&slot->a, words.a, memory_order_release);
}

static inline bool slot_closing(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load_explicit(&slot->a, memory_order_relaxed) : 0;

	while (a)
		if (atomic_compare_exchange_weak(&slot->a, &a, a | CLOSING))
			return true;
	return false;
}

static inline void slot_closed(struct ledger *ledger, int fd)
{
	struct slot *slot = slot_of(ledger, fd);
	uint64_t a = slot ? atomic_load_explicit(&slot->a, memory_order_relaxed) : 0;

	if (a & CLOSING)
		atomic_compare_exchange_strong(&slot->a, &a, 0);
}

/* What fd was opened as; FD_UNKNOWN when it has no entry. */
static inline enum fd_kind slot_kind(const struct ledger *ledger, int fd)
{
	const struct slot *slot = slot_of(ledger, fd);

	return slot ? BITS(atomic_load_explicit(&slot->a, memory_order_relaxed), A_KIND, 5)
		    : FD_UNKNOWN;
}
