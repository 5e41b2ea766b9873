// SPDX-License-Identifier: MIT
/*
 * The ledger knows which descriptors are open, and which stack opened each. Descriptors are small
 * dense integers, so the index is an array of 16-byte slots, which gets its pages from the system
 * as numbers appear. An entry is stored whole and removed by one exchange. So there is no lock, and
 * a signal handler or a fork finds nothing half done.
 *
 * The ledger is an object without globals. It knows no hook, no signal and no way to read a stack.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/core/base/arena.h"
#include "closer_table.h"
#include "connection_table.h"
#include "language_table.h"
#include "mark_table.h"
#include "misuse_table.h"
#include "module_table.h"
#include "stack_table.h"
#include "use_table.h"

/* The kind of a descriptor, by the call that opened it. A snapshot asks the kernel, which knows
 * better; this kind is for the cases that the kernel doesn't tell apart (a POSIX message queue
 * looks like a file there). */
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
	FD_KVM,
	FD_VFIO,
	FD_DMABUF,
	FD_SYNC_FILE,
	FD_NAMESPACE,
	FD_LANDLOCK,
	FD_KIND_COUNT, /* at most 32: slot.h asserts that */
};

enum fd_origin { FD_OPENED, FD_DUPLICATED, FD_RECEIVED, FD_INHERITED };

/* The library object that owns the descriptor, and so decides which call has to close it. */
enum fd_owner { FD_OWNER_NONE, FD_OWNER_FILE, FD_OWNER_DIR, FD_OWNER_POPEN };

enum {
	LEDGER_NO_FD = (1 << 18) - 1, /* dup_of: not known, or too large to keep */
	LEDGER_TICK_MS = 50,          /* opened_at counts in these */
	LEDGER_GENERATIONS = 16,
	EXEC_GENERATION_MOST = LEDGER_NO_FD - 1,
	LEDGER_HELD_LEAST = 50, /* fewer descriptors of a stack never count as held: ledger_held */
	LEDGER_TEARDOWN_OPENS = 16, /* a process that is ending opens at most this many */
};

struct ledger_entry {
	uint32_t stack;      /* where it was opened; STACK_NONE: open since the start */
	uint32_t connection; /* connect's stack and address: an id of the connection table, or 0 */
	uint32_t opened_at;  /* ticks of LEDGER_TICK_MS since the ledger began; 30 bits */
	uint32_t thread;     /* kernel thread id of the opener; 22 bits */
	/* FD_DUPLICATED: the number that was copied; before_exec: the generation that opened it;
	 * else LEDGER_NO_FD. Not kept together with a connection. */
	uint32_t dup_of;
	enum fd_kind kind;
	enum fd_origin origin;
	enum fd_owner owner;
	bool closing;     /* a close has begun and not yet returned */
	bool before_fork; /* opened in a process that this one was forked from, or before_exec */
	bool before_exec; /* opened by a program that the process has executed this one from, or its
			   * parent: it is inherited, and has a stack */
};

/* A slot as stored; equal words mean an unchanged entry. {0, 0} is empty. */
struct ledger_words {
	uint64_t a, b;
};

/*
 * Finds the peak: the most descriptors that were open at once in the process. It does so without a
 * counter that all threads change. The kernel gives out the lowest free number, so when it has
 * given n, n + 1 are open. Entries with a gap below them (from dup2 and F_DUPFD) are counted in
 * addition. So the peak is never too low for the recorded descriptors, and it is exact in a program
 * that leaves the choice of numbers to the kernel.
 */
struct ledger_numbers {
	_Atomic int highest;   /* highest number given out while all below it had entries, or -1 */
	_Atomic int beyond;    /* entries with higher numbers */
	_Atomic int inherited; /* entries from the start, or from before the fork */
	/* An inherited descriptor was closed, so the highest number no longer tells how many of its
	 * own the process has open. The next open finds highest and beyond again. */
	_Atomic bool stale;
	_Atomic uint32_t peak;     /* descriptors that the process has opened itself */
	_Atomic uint32_t peak_at;  /* ticks, as in ledger_entry.opened_at */
	_Atomic bool at_most;      /* numbers below highest may have been free then */
	_Atomic uint32_t peak_all; /* with the inherited ones */
};

/* The members that every call reads come first. */
struct ledger {
	struct ledger_page *first;            /* pages[0], which always exists */
	_Atomic(struct ledger_page *) *pages; /* by fd / PAGE_SLOTS */
	struct arena *arena;
	struct closer_table closers;
	struct use_table uses;
	_Atomic uint32_t page_end;   /* one past the highest page in use */
	_Atomic uint32_t generation; /* 1 .. LEDGER_GENERATIONS - 1; one higher after each fork */
	uint32_t exec_generation; /* of this program: 1, or one more than that of the program that
				   * has executed it and has passed stacks on (exec_stacks.h) */
	struct ledger_numbers numbers;
	_Atomic bool counts_opens;  /* a stack that had LEDGER_HELD_LEAST or more open has begun to
				     * close */
	_Atomic uint64_t dropped;   /* descriptors not recorded because there was no memory */
	_Atomic uint64_t stackless; /* captures that gave up waiting for another thread */
	struct module_table modules;
	struct stack_table stacks;
	struct connection_table connections;
	struct language_table languages;
	struct mark_table marks;
	struct misuse_table misuses;
	/* Number of opens since counts_opens was set; concurrent threads may lose some. It has a
	 * cache line of its own, because every call reads the first one, which is hardly ever
	 * written. */
	_Atomic uint32_t opens __attribute__((aligned(64)));
};

/* Prepares an empty ledger that takes its memory from arena. False: no memory. */
bool ledger_init(struct ledger *ledger, struct arena *arena);

/* Frees the memory that doesn't belong to the arena. No other thread may be using the ledger. */
void ledger_release(struct ledger *ledger);

/* Copies the contents of from into an empty ledger: stacks and modules with the same ids, entries
 * unchanged. The ptrace engine calls it for a traced process that has forked; ledger_forked then
 * makes the copy the child's. False: no memory. Only slots of from may be changing meanwhile. */
bool ledger_copy(struct ledger *ledger, const struct ledger *from);

/* Records that fd is open as entry says; an older entry of the slot counts as closed. To be called
 * after the real open has returned. Async-signal-safe, lock-free, any thread. */
void ledger_opened(struct ledger *ledger, int fd, const struct ledger_entry *entry);

/* Records that fd was open before the tracer came, unless it has an entry, while other threads open
 * and close descriptors. Returns true and the slot's words if it did; then the caller looks whether
 * fd is still open, and calls ledger_forget_if if it isn't. Async-signal-safe, lock-free. */
bool ledger_adopt(struct ledger *ledger, int fd, struct ledger_words *words);

enum { CLOSING_KEPT = 16 };

/* An entry that is being closed. */
struct closing {
	struct slot *slot; /* NULL: there is none */
	uint64_t a, b;     /* its words, with the mark */
	int fd;
	uint32_t closer; /* the stack that closes it; STACK_NONE: not known */
};

/* Gives fd, which has an entry as inherited, the stack that had opened it before an exec. */
void ledger_came_by_exec(struct ledger *ledger, int fd, uint32_t stack, enum fd_kind kind,
			 uint32_t generation);

/* To be called before the real close: marks fd's entry as closing. True if there was an entry. This
 * and all functions down to ledger_next are async-signal-safe and lock-free, any thread. */
bool ledger_closing(struct ledger *ledger, int fd);
/* To be called after the real close: removes the marked entry, unless the number has been opened
 * again. */
void ledger_closed(struct ledger *ledger, int fd);
/* To be called instead if the real close failed and fd is still open: removes the mark. */
void ledger_still_open(struct ledger *ledger, int fd);

/* The numbers first..last (last included), and the entries that a thread has marked there, for
 * close_range and closefrom. The words of the first few are kept, because after the real call
 * another thread may store an entry of its own. {.last = N} has marked none itself. */
struct closing_range {
	unsigned int first, last;
	int marked_to; /* the entries below are kept */
	int count;
	struct closing kept[CLOSING_KEPT];
};

/* The same for a range. closer: the stack that closes them; or STACK_NONE. */
void ledger_closing_range(struct ledger *ledger, struct closing_range *range, unsigned int first,
			  unsigned int last);
void ledger_closed_range(struct ledger *ledger, const struct closing_range *range, uint32_t closer);
void ledger_still_open_range(struct ledger *ledger, const struct closing_range *range);

/* Removes fd's entry at once, because fd is known to be closed. */
void ledger_forget(struct ledger *ledger, int fd);
/* The same, but only if the slot still has these words; else returns false and removes nothing. */
bool ledger_forget_if(struct ledger *ledger, int fd, struct ledger_words words);
/* Counts an entry that ledger_forget_if has removed as closed by a call that no hook has seen. */
void ledger_closed_untraced(struct ledger *ledger, struct ledger_words words);

/* Reads fd's slot; false if it is empty. entry and words may be NULL. */
bool ledger_read(const struct ledger *ledger, int fd, struct ledger_entry *entry,
		 struct ledger_words *words);
/* How often fd has been recorded so far, modulo 2^23: while this stays the same, fd is the
 * descriptor that it was. */
uint32_t ledger_times_recorded(const struct ledger *ledger, int fd);
/* Takes a slot's words apart, as ledger_read does. */
void ledger_unpack(const struct ledger *ledger, struct ledger_words words,
		   struct ledger_entry *entry);

/* fd was opened by the stack `from`, and now belongs to the stack `to`, which counts it as an open
 * of its own. False, and nothing has changed: fd has no entry, it isn't that stack's, or it is
 * being closed. Async-signal-safe, lock-free. */
bool ledger_hand_over(struct ledger *ledger, int fd, uint32_t from, struct captured to);

/* Sets a fact that becomes known after the open; does nothing if fd has no entry. connection is an
 * id of the connection table. */
void ledger_set_connection(struct ledger *ledger, int fd, uint32_t connection);
/* Records that this stack has sent a request over fd's connection; shared: other requests use it at
 * the same time. Does nothing if fd was not opened as a socket. */
void ledger_used(struct ledger *ledger, int fd, uint32_t stack, bool shared);
void ledger_set_owner(struct ledger *ledger, int fd, enum fd_owner owner);

/* Returns the lowest number >= from that has an entry, or -1. Other threads may add and remove
 * numbers during the search. */
int ledger_next(const struct ledger *ledger, int from);

/* One past the highest number for which slots exist. */
int ledger_end(const struct ledger *ledger);

/* The number of entries, without those that are being closed. Reads every slot. */
size_t ledger_count(const struct ledger *ledger);

/* Counts each stack's live descriptors into figures.live. It counts the slots themselves, because a
 * snapshot has corrected there what no hook had seen. For snapshots only. */
void ledger_take_figures(struct ledger *ledger);

/* The most descriptors that were open at once so far. */
struct ledger_peak {
	uint32_t opened; /* by this process itself */
	uint32_t all;    /* with the inherited ones */
	uint32_t at;     /* when: ticks as in ledger_entry.opened_at */
	bool at_most;    /* it may have been fewer, because the program has chosen numbers itself */
};
struct ledger_peak ledger_peak(const struct ledger *ledger);

/* How many of this stack's descriptors the process held until its teardown: it has closed them
 * since, and has opened at most LEDGER_TEARDOWN_OPENS others during that time. If that was fewer
 * than LEDGER_HELD_LEAST, or there was no teardown: how many are open now. */
uint32_t ledger_held(const struct ledger *ledger, const struct stack_figures *figures);

/* The stack that last used fd, whose ledger_times_recorded was this; STACK_NONE: not known, or fd
 * has no entry. */
uint32_t ledger_last_use(const struct ledger *ledger, int fd, uint32_t times_recorded);

/* Removes all entries, and starts the counts of all stacks at zero: the tracer has slept, and what
 * happened meanwhile is not known. Other threads may be recording. */
void ledger_clear(struct ledger *ledger);

/* Moves the slots of the numbers from page * PAGE_SLOTS on (slot.h) to this memory, which is zeroed
 * and outlives the ledger, and makes them if there are none: for the ptrace engine, which shares
 * them with the program. No other thread may be using them. */
struct ledger_page;
void ledger_move_page(struct ledger *ledger, uint32_t page, struct ledger_page *to);

/* To be called once in a forked child, before anything else: all entries become "before fork", and
 * the counts start at zero. stacks_torn: another thread was inside stack_table_intern. */
void ledger_forked(struct ledger *ledger, bool stacks_torn);
