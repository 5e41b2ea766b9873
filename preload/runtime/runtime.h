// SPDX-License-Identifier: MIT
/*
 * The parts that hold fdtrail together inside the traced program: the one ledger, the gate that
 * every hook passes, the thread's own few bytes, and the functions by which hooks record opens and
 * closes.
 */
#pragma once

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/capture/capture.h"
#include "preload/core/ledger/slot.h"
#include "preload/core/snapshot/snapshot.h"
#include "preload/core/policy/options.h"

/* Whether hooks record. The gate is in memory that fork sets to zero in the child
 * (MADV_WIPEONFORK). So a hook notices that it runs in a forked process by the load that it makes
 * anyway. */
enum gate {
	GATE_NEW, /* not started yet, or just forked */
	GATE_OPEN,
	GATE_SHARED, /* a process made by clone(CLONE_VM) may share this memory: call getpid */
	GATE_ASLEEP, /* nothing is recorded yet: arm.h */
	GATE_SHUT,   /* this program is not to be traced, or there is no memory */
};

struct wiped {
	_Atomic uint32_t gate;
	_Atomic uint32_t forking;   /* a thread is repairing after a fork */
	_Atomic uint32_t snapshot;  /* the queue of snapshots: snapshot_queue.h */
	_Atomic uint64_t forked_ms; /* when this process was forked, as started_ms; 0: it was not,
				     * or by a call that runs no code of ours in the child */
	_Atomic int in_flight[SNAPSHOT_IN_FLIGHT_MAX]; /* see struct snapshot_request */
};

/* No descriptor has this number. */
#define ARM_NEVER UINT32_MAX

/* The fields that every call reads are side by side, in front. */
struct runtime {
	struct wiped *wiped;
	const char *alone;    /* not zero: direct and no second thread. hooks/direct.h */
	_Atomic uint32_t arm; /* asleep: this number, or a higher one, may wake the tracer; else
			       * ARM_NEVER */
	bool direct;          /* hooks may make libc's system calls themselves */
	int moves_below; /* a new descriptor below this gets another number (spread.h); 0: none */
	/* clock_gettime, the vDSO's once our constructor has found it: a call less, and the
	 * kernel's time whatever is preloaded beside us. */
	int (*clock)(clockid_t clockid, struct timespec *time);
	uint64_t started_ms;         /* CLOCK_MONOTONIC_COARSE, at a whole LEDGER_TICK_MS */
	uint32_t started;            /* the same in ticks */
	uint64_t attached_ms;        /* when `fdtrail attach` came, as started_ms; 0: it didn't */
	uint64_t armed_ms;           /* when the tracer woke (arm.h); 0: it didn't sleep */
	uint64_t process_started_ms; /* when the process started, if one of both; the same clock */
	_Atomic int pid;             /* whose descriptors the ledger holds */
	_Atomic uint32_t forks;      /* how often this memory has been forked */
	_Atomic bool watching;   /* a threshold, an interval or a mark file is set, or a possible
				      * misuse waits */
	_Atomic bool threaded;   /* a thread beside the first has opened something */
	_Atomic bool misused;    /* a wrong close was found: misuse.h */
	_Atomic bool ended;      /* the exit snapshot has been taken */
	_Atomic int forked_from; /* the process that this one is a copy of; 0: none */
	struct ledger ledger;
	struct capture capture;
	struct arena arena;
	_Atomic uint32_t number; /* of the last snapshot */
	struct options options;
	struct substitutes *substitutes; /* for FDTRAIL_REDACT */
	char program[64];                /* argv[0]'s last part */
	char main_path[PATH_MAX];        /* the program's file */
} __attribute__((aligned(64)));

extern struct runtime runtime;

/* The memory that a hook's real call fills with new descriptors, if it does not return one. This
 * struct is in the hook's frame. */
struct awaited {
	enum { AWAITED_PAIR, AWAITED_MESSAGE, AWAITED_ONE } form;
	const void *filled; /* int[2], struct msghdr, int */
};

/* The thread's own: 40 bytes of the loader's small reserve. */
struct thread_state {
	uint32_t vforks;    /* inside how many vforks this thread is; see vfork-*.S, which needs it
			     * first. THREAD_INSIDE: the thread is inside a library of ours;
			     * THREAD_APART: it has descriptors of its own */
	uint32_t tid;       /* kernel thread id, once asked for .. */
	uint32_t tid_forks; /* .. while runtime.forks was this, plus 1 */
	uint32_t recording; /* the number that is being recorded, plus 1; with hook, below */
	struct stack_bounds bounds;
	/* While the thread is in a hook that opens something: the hook's frame, or its struct
	 * awaited with HOOK_FILLS added. For a snapshot at that time: in_flight.h and
	 * thread_registry.h. A longjmp out of the hook leaves the old value here until the next
	 * hook; README.md says why that does little harm. */
	uintptr_t hook;
};

_Static_assert(offsetof(struct thread_state, vforks) == 0 &&
		       sizeof(((struct thread_state *)0)->vforks) == 4,
	       "vfork-*.S counts a word of 32 bits, the first");
_Static_assert(sizeof(struct thread_state) <= 40, "the loader has little room for it");

enum { HOOK_FILLS = 1 };

_Static_assert(_Alignof(struct awaited) > HOOK_FILLS, "thread_state.hook has room for the bit");

enum { THREAD_INSIDE = 1 << 30, THREAD_APART = 1 << 29 };

extern _Thread_local struct thread_state thread_state __attribute__((tls_model("initial-exec")));

/* True when this process' descriptors are to be recorded; the slow part of runtime_on. */
__attribute__((cold)) bool runtime_on_slowly(void);

static inline bool runtime_on(void)
{
	if (__builtin_expect(atomic_load_explicit(&runtime.wiped->gate, memory_order_acquire) ==
					     GATE_OPEN &&
				     !thread_state.vforks,
			     1))
		return true;
	return runtime_on_slowly();
}

/* Whether the tracer sleeps (arm.h). A hook then does no more than the real call, if it has opened
 * no number that may wake it. */
static inline bool runtime_sleeps(void)
{
	return __builtin_expect(
		atomic_load_explicit(&runtime.arm, memory_order_relaxed) != ARM_NEVER, 0);
}

static inline bool runtime_sleeps_on(int fd)
{
	return runtime_sleeps() &&
	       (uint32_t)fd < atomic_load_explicit(&runtime.arm, memory_order_relaxed);
}

/* The facts that a hook has about a descriptor that its real function has returned. */
struct opening {
	enum fd_kind kind;
	enum fd_origin origin;
	enum fd_owner owner;
};

/* Records fd as opened by the function whose hook has this frame address
 * (__builtin_frame_address(0) in the hook itself), when this process is to be recorded. opening:
 * slot_opening's; from: the number that fd is a copy of, and whose kind it gets, or -1.
 * Async-signal-safe, keeps errno. */
void runtime_record(int fd, uint32_t opening, int from, const void *frame);

/* Before the real call: announces that the hook with this frame opens something. It holds until
 * runtime_record, runtime_failed or hook_ends. */
static inline void hook_begins(const void *frame)
{
	thread_state.recording = 0;
	atomic_signal_fence(memory_order_seq_cst);
	thread_state.hook = (uintptr_t)frame;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void hook_ends(void)
{
	atomic_signal_fence(memory_order_seq_cst);
	thread_state.hook = 0;
	thread_state.recording = 0;
	atomic_signal_fence(memory_order_seq_cst);
}

/* The same for a call that fills something. */
static inline void hook_fills(const struct awaited *filling)
{
	hook_begins((const void *)((uintptr_t)filling | HOOK_FILLS));
}

/* The same as runtime_opened for one of several descriptors. A threshold or interval takes no
 * snapshot here, because it would find the others without a record. After hook_ends the hook calls
 * runtime_watch_all. */
void runtime_opened_one(int fd, const struct opening *opening, const void *frame);
void runtime_watch_all(int count);

static inline void runtime_opened(int fd, const struct opening *opening, const void *frame)
{
	runtime_record(fd, slot_opening(opening->kind, opening->origin, opening->owner), -1, frame);
}

static inline void runtime_duplicated(int fd, int from, const void *frame)
{
	runtime_record(fd, slot_opening(FD_UNKNOWN, FD_DUPLICATED, FD_OWNER_NONE), from, frame);
}

/* A hooked function failed: takes a snapshot if errno says that descriptors have run out. */
__attribute__((cold)) void runtime_failed(const char *name);

/* spread.c: gives fd, which a call has just returned, another number, and returns that. */
__attribute__((cold)) int spread_move(int fd);

/* runtime_result for a failed call, or with FDTRAIL_SPREAD. */
__attribute__((cold)) int runtime_result_strange(int fd, enum fd_kind kind, const char *name,
						 const void *frame);

/* The end of a plain open: socket(), open() and their like. Records fd, or on -1 calls
 * runtime_failed; name is the hooked function's. Returns fd, or the number that it has got instead,
 * for the program. */
static inline __attribute__((warn_unused_result)) int
runtime_result(int fd, enum fd_kind kind, const char *name, const void *frame)
{
	if (__builtin_expect(fd < runtime.moves_below, 0))
		return runtime_result_strange(fd, kind, name, frame);
	if (!runtime_sleeps_on(fd))
		runtime_record(fd, slot_opening(kind, FD_OPENED, FD_OWNER_NONE), -1, frame);
	return fd;
}

/* After a call that stores two new descriptors in fds if result isn't negative: may give them other
 * numbers. Returns result. */
static inline int runtime_pair_result(int result, int fds[2])
{
	if (__builtin_expect(runtime.moves_below && result >= 0, 0)) {
		fds[0] = spread_move(fds[0]);
		fds[1] = spread_move(fds[1]);
	}
	return result;
}

/* The calling thread has a table of its own from now on (unshare(2), CLONE_FILES). The descriptors
 * that it opens and closes are not the process' any more. */
void runtime_apart(void);

/* Whether the process has one thread. False also if /proc does not tell. */
bool runtime_single_threaded(void);

/* For a call that makes a descriptor from another one, fd: the stack that opened fd asked for the
 * new one. Returns the thread's capture_asked, which must be put back after the call. */
static inline uint32_t runtime_asked_by(int fd)
{
	uint32_t before = capture_asked;

	if (__builtin_expect(mixed_languages(&runtime.capture.mixed), 0) && before == STACK_NONE &&
	    runtime_on())
		capture_asked = slot_stack(&runtime.ledger, fd);
	return before;
}

/* For a threshold or an interval, if one is set: fd was opened; -1: one was closed. */
__attribute__((cold)) void runtime_watch(int fd);

/* exit.c: fd is about to be closed, in a program that has an interpreter of which it isn't known
 * whether it is shutting down. */
void exit_by_interpreter(int fd);

/* The stack of the function whose hook has this frame address, which closes something. STACK_NONE:
 * not known, or closing stacks are not recorded. */
uint32_t runtime_closer(const void *frame);

/* The calling thread's kernel id. */
uint32_t runtime_thread(void);

/* misuse.c: fd is about to be closed at the stack closer, in a program that has closed wrongly. */
__attribute__((cold)) void misuse_before_close(int fd, uint32_t closer);

/* Before the real close of fd by the function whose hook has this frame address: marks its entry
 * and returns it. If it has no slot, runtime_closed must not be called. The stack is taken before
 * the call, because after a system call the processor has lost its predictions. */
static inline struct closing runtime_closing(int fd, const void *frame)
{
	uint32_t closer = STACK_NONE;

	if (!runtime_on())
		return (struct closing){.fd = fd};
	if (__builtin_expect(mixed_may_finish(&runtime.capture.mixed), 0))
		exit_by_interpreter(fd);
	if (slot_stack(&runtime.ledger, fd) >= STACK_FIRST)
		closer = runtime_closer(frame);
	if (__builtin_expect(atomic_load_explicit(&runtime.misused, memory_order_relaxed), 0))
		misuse_before_close(fd, closer);

	struct closing closing = slot_closing(&runtime.ledger, fd);
	closing.closer = closer;
	return closing;
}

/* After the real call, which has closed it. */
static inline void runtime_closed(struct closing closing)
{
	slot_closer(&runtime.ledger, closing.a, closing.closer);
	slot_keep_close(&runtime.ledger, &closing, thread_state.tid);
	slot_closed(&runtime.ledger, closing);
	if (__builtin_expect(atomic_load_explicit(&runtime.watching, memory_order_relaxed), 0))
		runtime_watch(-1);
}

/* The unusual part of runtime_close_returned: the close has failed, or there was no entry, or the
 * number is 0, 1 or 2, or belongs to a stream. */
__attribute__((cold)) void runtime_close_strange(const struct closing *closing, bool failed,
						 const char *call, const void *frame);

/* After the function call has closed one number, or has failed to. frame: the hook's. */
static inline void runtime_close_returned(struct closing closing, bool failed, const char *call,
					  const void *frame)
{
	if (__builtin_expect(!failed && closing.slot && !(closing.a & OWNED) &&
				     closing.fd > STDERR_FILENO,
			     1))
		runtime_closed(closing);
	else
		runtime_close_strange(&closing, failed, call, frame);
}

/* Instead of runtime_closed, if the real call failed: fd is still open, unless the kernel says that
 * it is not. Keeps errno. */
void runtime_still_open(int fd, struct closing closing);

/* connect(fd, address) was called by the function whose hook has this frame address. */
void runtime_connected(int fd, const struct sockaddr *address, socklen_t length, const void *frame);

/* The registers in the caller of the hook with this frame address. */
struct registers runtime_registers(const void *frame);

/* Records fd as inherited: its opener is not known. */
void runtime_inherit(int fd);

/* Records every open descriptor that has no entry as inherited. Lists /proc/self/fd. */
void runtime_note_inherited(void);

/* The time as the ledger keeps it: ticks since the start. */
uint32_t runtime_ticks(void);

/* Milliseconds of CLOCK_MONOTONIC_COARSE. */
uint64_t runtime_now_ms(void);

/* Finds the vDSO's clock. Calls the loader: for the constructor only. */
void runtime_find_clock(void);

/* Starts everything that hooks need: options, memory, real functions. The constructor calls it, or
 * the first hook if another library's constructor came before. */
void runtime_start(void);

/* The same for `fdtrail attach`, without what the environment says, and without recording what is
 * open: for attach.c, in a thread that no hook runs in. variables: the options, as in an
 * environment; they must last. False: there is no memory, or a hook has tried before. */
bool runtime_start_late(char **variables);
/* Shuts the gate, so that all hooks only call the real functions; and opens it again, with new
 * options and an empty ledger. */
void runtime_sleep(void);
void runtime_wake(char **variables);

/* fork.c: registers the handlers around fork, for the constructor; the child's first steps; and a
 * hook's first call there. */
void fork_register(void);
void fork_note_time(void);
void fork_happened(void);
