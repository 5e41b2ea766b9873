// SPDX-License-Identifier: MIT
/*
 * What is open, and from where. Descriptors are small dense integers, so the index is an array of
 * 16-byte slots, taken from the system by pages as numbers appear. An entry is stored whole and
 * taken out by one exchange: no lock, nothing for a signal handler or a fork to find half done.
 *
 * The ledger is an object without globals. It knows no hook, no signal and no way to read a stack.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "connection_table.h"
#include "module_table.h"
#include "stack_table.h"

/* What the opening call says that a descriptor is. The kernel knows better at snapshot time; this
 * is for what it does not tell (a POSIX message queue looks like a file there). */
enum fd_kind {
	FD_UNKNOWN,
	FD_FILE,
	FD_SOCKET,
	FD_PIPE,
	FD_EPOLL,
	FD_EVENTFD,
	FD_TIMERFD,
	FD_SIGNALFD,
	FD_INOTIFY,
	FD_FANOTIFY,
	FD_MEMFD,
	FD_SHM,
	FD_MQUEUE,
	FD_PTY,
	FD_PIDFD,
	FD_USERFAULTFD,
	FD_PERF,
	FD_IO_URING,
	FD_SECRETMEM,
	FD_MOUNT,
	FD_BPF,
	FD_LANDLOCK,
	FD_KIND_COUNT, /* at most 32: slot.h asserts that */
};

enum fd_origin { FD_OPENED, FD_DUPLICATED, FD_RECEIVED, FD_INHERITED };

/* Which library object owns the descriptor, and so which call has to close it. */
enum fd_owner { FD_OWNER_NONE, FD_OWNER_FILE, FD_OWNER_DIR, FD_OWNER_POPEN };

enum {
	LEDGER_NO_FD = (1 << 18) - 1, /* dup_of: not known, or too large to be kept */
	LEDGER_TICK_MS = 50,          /* opened_at counts these */
	LEDGER_GENERATIONS = 16,
	LEDGER_HELD_LEAST = 50, /* of a stack: fewer are not known to be held. See ledger_held */
	LEDGER_TEARDOWN_OPENS = 16, /* a process that ends opens no more than that */
};

struct ledger_entry {
	uint32_t stack;      /* where it was opened; STACK_NONE for what was there at start */
	uint32_t connection; /* connect's stack and address: an id of the connection table, or 0 */
	uint32_t opened_at;  /* ticks of LEDGER_TICK_MS since the ledger began; 30 bits */
	uint32_t thread;     /* kernel thread id of the opener; 22 bits */
	uint32_t dup_of; /* FD_DUPLICATED: the number that was copied; else LEDGER_NO_FD. Not kept
			  * beside a connection */
	enum fd_kind kind;
	enum fd_origin origin;
	enum fd_owner owner;
	bool closing;     /* a close has begun and not yet returned */
	bool before_fork; /* it was opened in a process that this one was forked from */
};

/* A slot as stored; equal words mean an unchanged entry. {0, 0} is empty. */
struct ledger_words {
	uint64_t a, b;
};

/*
 * The most descriptors that were open at once in the process, without a count that all threads
 * change: the kernel gives out the lowest free number, so when it has given n, n + 1 are open.
 * Entries with a gap below them (dup2 and F_DUPFD put them there) are counted in addition. So the
 * peak is never too low for what is recorded, and it is exact where a program leaves numbers to the
 * kernel.
 */
struct ledger_numbers {
	_Atomic int highest;   /* number that was given out when all below it had entries, or -1 */
	_Atomic int beyond;    /* entries with higher numbers */
	_Atomic int inherited; /* entries from the start, or from before the fork */
	/* An inherited one was closed, so what was the highest number says no more how many of its
	 * own the process has open: the next open finds highest and beyond anew. */
	_Atomic bool stale;
	_Atomic uint32_t peak;     /* of what the process has opened itself */
	_Atomic uint32_t peak_at;  /* ticks, as in ledger_entry.opened_at */
	_Atomic bool at_most;      /* numbers below highest may have been free then */
	_Atomic uint32_t peak_all; /* the inherited ones, too */
};

/* What every call reads stands in front. */
struct ledger {
	struct ledger_page *first;            /* of pages: there from the beginning */
	_Atomic(struct ledger_page *) *pages; /* by fd / PAGE_SLOTS */
	struct arena *arena;
	_Atomic uint32_t page_end;   /* one past the highest page in use */
	_Atomic uint32_t generation; /* 1 .. LEDGER_GENERATIONS - 1; moves on in a fork */
	struct ledger_numbers numbers;
	_Atomic bool counts_opens;  /* a stack has begun to close LEDGER_HELD_LEAST or more */
	_Atomic uint64_t dropped;   /* descriptors not recorded for want of memory */
	_Atomic uint64_t stackless; /* captures that had to give up waiting for another thread */
	struct module_table modules;
	struct stack_table stacks;
	struct connection_table connections;
	/* How often the process has opened something since counts_opens was set; threads may lose
	 * some. In a cache line of its own: the first one is read by every call, and hardly ever
	 * written. */
	_Atomic uint32_t opens __attribute__((aligned(64)));
};

/* Prepares an empty ledger that takes its memory from arena. False: no memory. */
bool ledger_init(struct ledger *ledger, struct arena *arena);

/* Gives back the memory that is not the arena's. Nobody may be using the ledger. */
void ledger_release(struct ledger *ledger);

/* Fills an empty ledger with what from holds: stacks and modules under the same ids, entries as
 * they are. For a process seen from outside that has been forked; ledger_forked makes it the
 * child's. False: no memory. Nobody else may be using either. */
bool ledger_copy(struct ledger *ledger, const struct ledger *from);

/* Records that fd is open as entry says; what the slot held before counts as closed. Called after
 * the real open has returned. Async-signal-safe, lock-free, any thread. */
void ledger_opened(struct ledger *ledger, int fd, const struct ledger_entry *entry);

/* Before the real close: marks fd's entry as closing. True when there was an entry. */
bool ledger_closing(struct ledger *ledger, int fd);
/* After it: takes the marked entry out, unless the number has been opened anew. */
void ledger_closed(struct ledger *ledger, int fd);
/* Instead, when the real call failed and fd is still open: takes the mark off. */
void ledger_still_open(struct ledger *ledger, int fd);

/* The same for the range first..last (last included), for close_range and closefrom. */
void ledger_closing_range(struct ledger *ledger, unsigned int first, unsigned int last);
void ledger_closed_range(struct ledger *ledger, unsigned int first, unsigned int last);
void ledger_still_open_range(struct ledger *ledger, unsigned int first, unsigned int last);

/* Removes fd's entry at once: it is known to be closed. */
void ledger_forget(struct ledger *ledger, int fd);
/* The same if the slot still has these words; false when it has not, and nothing was removed. */
bool ledger_forget_if(struct ledger *ledger, int fd, struct ledger_words words);

/* Reads fd's slot; false when it is empty. words may be NULL. */
bool ledger_read(const struct ledger *ledger, int fd, struct ledger_entry *entry,
		 struct ledger_words *words);
/* Takes a slot's words apart, as ledger_read does. */
void ledger_unpack(const struct ledger *ledger, struct ledger_words words,
		   struct ledger_entry *entry);

/* Sets what becomes known later; does nothing when fd has no entry. */
void ledger_set_connection(struct ledger *ledger, int fd, uint32_t connection);
/* A request was sent over fd's connection from this stack; shared: others share it meanwhile. Does
 * nothing when fd was not opened as a socket. */
void ledger_used(struct ledger *ledger, int fd, uint32_t stack, bool shared);
void ledger_set_owner(struct ledger *ledger, int fd, enum fd_owner owner);

/* Returns the lowest number >= from that has an entry, or -1. Numbers may come and go meanwhile. */
int ledger_next(const struct ledger *ledger, int from);

/* One past the highest number for which slots exist. */
int ledger_end(const struct ledger *ledger);

/* How many entries there are, the closing ones left out. Reads every slot. */
size_t ledger_count(const struct ledger *ledger);

/* Counts each stack's live descriptors anew, into its figures: from the slots themselves, in which
 * a snapshot has put right what no hook had seen. For snapshots only. */
void ledger_take_figures(struct ledger *ledger);

/* The most that were open at once so far. */
struct ledger_peak {
	uint32_t opened; /* by this process itself */
	uint32_t all;    /* with the inherited ones */
	uint32_t at;     /* when: ticks as in ledger_entry.opened_at */
	bool at_most;    /* it may have been less: the program has chosen numbers itself */
};
struct ledger_peak ledger_peak(const struct ledger *ledger);

/* How many of this stack's descriptors were still open when the process stopped opening any: it has
 * closed them since, and has opened LEDGER_TEARDOWN_OPENS at most meanwhile, as in a teardown.
 * Below LEDGER_HELD_LEAST: those that are open now. */
uint32_t ledger_held(const struct ledger *ledger, const struct stack_figures *figures);

/* In a forked child, once, before anything else: what is in the ledger becomes "before fork" and
 * the figures start at zero. stacks_torn: another thread was inside stack_table_intern. */
void ledger_forked(struct ledger *ledger, bool stacks_torn);
