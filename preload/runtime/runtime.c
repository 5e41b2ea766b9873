// SPDX-License-Identifier: MIT
/*
 * See runtime.h. Every hooked call takes this path, so nothing here makes a system call or takes a
 * lock once thread and stack are known.
 */
#include "runtime.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "preload/arch/machine.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/first_version.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "arm.h"
#include "preload/core/ledger/mark_file.h"
#include "misuse.h"
#include "misuse_report.h"
#include "misuse_standard.h"
#include "thread_registry.h"
#include "trigger.h"

FIRST_VERSION(dlopen);
FIRST_VERSION(dlsym);
FIRST_VERSION(dlerror);

/* The gate before memory has been mapped: not open. */
static struct wiped before_start;
struct runtime runtime = {
	.wiped = &before_start, .alone = "", .clock = clock_gettime, .arm = ARM_NEVER};
_Thread_local struct thread_state thread_state;

uint64_t runtime_now_ms(void)
{
	struct timespec now;

	runtime.clock(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void runtime_find_clock(void)
{
	void *vdso = dlopen("linux-vdso.so.1", RTLD_LAZY | RTLD_NOLOAD);
	void *function = vdso ? dlsym(vdso, MACHINE_CLOCK) : NULL;

	if (function)
		runtime.clock = (__typeof__(runtime.clock))function;
	else
		dlerror(); /* clears our error: the program may call dlerror for its own calls */
}

bool runtime_on_slowly(void)
{
	uint32_t gate = atomic_load(&runtime.wiped->gate);

	if (gate == GATE_ASLEEP)
		return false;
	if (thread_state.vforks & (THREAD_INSIDE | THREAD_APART))
		return false;
	if (gate == GATE_NEW) {
		if (runtime.wiped == &before_start)
			runtime_start();
		else
			fork_happened();
		gate = atomic_load(&runtime.wiped->gate);
	}
	if (gate == GATE_SHUT || gate == GATE_NEW || gate == GATE_ASLEEP)
		return false;
	/* A vfork child has our memory and its own descriptors: a number that it closes is still
	 * open here. */
	if (thread_state.vforks || gate == GATE_SHARED)
		return RAW(getpid) == atomic_load(&runtime.pid);
	return true;
}

/* proc(5): a directory's link count is the number of its folders plus two, and each thread is a
 * folder there. __libc_single_threaded is not enough: it came with glibc 2.32, and doesn't count
 * threads that clone(2) has made. */
bool runtime_single_threaded(void)
{
	struct stat status;

	return RAW(newfstatat, AT_FDCWD, "/proc/self/task", &status, 0) == 0 &&
	       status.st_nlink == 2 + 1;
}

void runtime_apart(void)
{
	/* The process' table is that of its first thread and the threads that share it. */
	if (runtime_on() && RAW(gettid) != atomic_load(&runtime.pid) && !runtime_single_threaded())
		thread_state.vforks |= THREAD_APART;
}

void runtime_inherit(int fd)
{
	ledger_opened(&runtime.ledger, fd,
		      &(struct ledger_entry){.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD});
}

static void note_inherited(int fd, void *data)
{
	(void)data;
	if (!ledger_read(&runtime.ledger, fd, NULL, NULL))
		runtime_inherit(fd);
}

void runtime_note_inherited(void)
{
	descriptors_each(note_inherited, NULL);
}

struct registers runtime_registers(const void *frame)
{
	/* A prologue with a frame pointer leaves the saved fp and the return address, and above
	 * them is the caller's stack (System V ABI for x86_64, 3.2.2). AAPCS64 has the same first
	 * two; there the caller's sp is not in the frame record and the walk begins at the record.
	 */
	const uintptr_t *record = frame;

	return (struct registers){
		.pc = record[1],
		.sp = (uintptr_t)(record + 2),
		.fp = record[0],
	};
}

static __attribute__((noinline, cold)) void ask_thread_id(void)
{
	thread_state.tid = (uint32_t)RAW(gettid);
	thread_state.tid_forks = atomic_load(&runtime.forks) + 1;
	if ((int)thread_state.tid != atomic_load(&runtime.pid))
		atomic_store(&runtime.threaded, true);
	thread_registry_add();
}

static inline uint32_t thread_id(void)
{
	if (__builtin_expect(thread_state.tid_forks !=
				     atomic_load_explicit(&runtime.forks, memory_order_relaxed) + 1,
			     0))
		ask_thread_id();
	return thread_state.tid;
}

/* Ticks since the start. */
static inline uint32_t ticks(void)
{
	enum { A_SECOND = 1000 / LEDGER_TICK_MS, TICK_NS = LEDGER_TICK_MS * 1000000 };
	struct timespec now;

	runtime.clock(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)((uint64_t)now.tv_sec * A_SECOND) + (uint32_t)now.tv_nsec / TICK_NS -
	       runtime.started;
}

uint32_t runtime_ticks(void)
{
	return ticks();
}

static __attribute__((noinline, cold)) void follow_marks(void)
{
	if (runtime.ledger.marks.file)
		mark_file_follow(&runtime.ledger, (uint64_t)monotonic_ms());
}

static inline __attribute__((always_inline)) void record(int fd, uint32_t opening, int from,
							 const void *frame)
{
	struct registers registers = runtime_registers(frame);

	/* For a snapshot that a signal or another thread takes now. */
	thread_state.recording = (uint32_t)fd + 1;
	atomic_signal_fence(memory_order_seq_cst);
	if (__builtin_expect(atomic_load_explicit(&runtime.watching, memory_order_relaxed), 0))
		follow_marks();
	if (from >= 0)
		opening |= slot_kind(&runtime.ledger, from);
	struct captured captured = capture_known(&runtime.capture, registers, &thread_state.bounds);
	uint32_t opened_at = ticks(); /* a walk takes its time */
	if (__builtin_expect(captured.stack == STACK_NONE, 0))
		captured = capture_cold(&runtime.capture, registers.pc, registers.sp, registers.fp);
	slot_opened(&runtime.ledger, fd, opening, slot_link((uint32_t)from), opened_at, thread_id(),
		    captured.stack, captured.figures);
	if (__builtin_expect((unsigned int)fd <= STDERR_FILENO, 0))
		misuse_standard_opened(fd, opening);
	atomic_signal_fence(memory_order_seq_cst);
	thread_state.recording = 0;
}

/* The stack of a close, if the memo doesn't know it. */
static __attribute__((noinline, cold)) uint32_t new_closer(const void *frame)
{
	struct closer_table *table = &runtime.ledger.closers;
	struct registers registers = runtime_registers(frame);

	if (atomic_load(&table->walks) >= CLOSER_STACKS) {
		atomic_fetch_add(&table->dropped, 1);
		return STACK_NONE;
	}
	atomic_fetch_add(&table->walks, 1);
	return capture_cold(&runtime.capture, registers.pc, registers.sp, registers.fp).stack;
}

uint32_t runtime_closer(const void *frame)
{
	if (!atomic_load_explicit(&runtime.ledger.closers.on, memory_order_relaxed))
		return STACK_NONE;
	thread_id(); /* for runtime_closed */
	struct captured known =
		capture_known(&runtime.capture, runtime_registers(frame), &thread_state.bounds);

	return known.stack != STACK_NONE ? known.stack : new_closer(frame);
}

uint32_t runtime_thread(void)
{
	return thread_id();
}

/* A close of 0, 1 or 2: its stack counts, though the descriptor was mostly open at the start. Or of
 * a stream's number. */
static void close_unusual(struct closing closing, const char *call, const void *frame)
{
	if (closing.closer == STACK_NONE && misuse_wanted())
		closing.closer = runtime_closer(frame);
	runtime_closed(closing);
	if (closing.a & OWNED)
		misuse_stream_closed(&closing, call, frame);
}

void runtime_close_strange(const struct closing *closing, bool failed, const char *call,
			   const void *frame)
{
	if (!failed && closing->slot) {
		close_unusual(*closing, call, frame);
		return;
	}
	if (!failed) {
		/* No hook has seen the number open, so nothing is known of this close. */
		if (runtime_on())
			slot_forget_close(&runtime.ledger, closing->fd);
		return;
	}
	/* On Linux a close frees the number even if it fails (close(2), "Dealing with error returns
	 * from close()"), except for EBADF: a call without a hook, or another thread, has closed it
	 * before. */
	if (closing->slot && errno == EBADF)
		slot_closed(&runtime.ledger, *closing);
	else if (closing->slot)
		runtime_closed(*closing);
	misuse_close_failed(closing->fd, closing, call, frame);
}

/* The same as runtime_on, for a hook that has opened fd. */
static inline bool is_on_for(int fd)
{
	return __builtin_expect(runtime_on(), 1) ||
	       ((uint32_t)fd >= atomic_load_explicit(&runtime.arm, memory_order_relaxed) &&
		arm_reached(fd));
}

void runtime_record(int fd, uint32_t opening, int from, const void *frame)
{
	bool on = is_on_for(fd);

	hook_begins(frame);
	if (__builtin_expect(on, 1))
		record(fd, opening, from, frame);
	hook_ends();
	if (__builtin_expect(atomic_load_explicit(&runtime.watching, memory_order_relaxed), 0) &&
	    on)
		runtime_watch(fd);
}

void runtime_opened_one(int fd, const struct opening *opening, const void *frame)
{
	if (is_on_for(fd))
		record(fd, slot_opening(opening->kind, opening->origin, opening->owner), -1, frame);
}

void runtime_watch_all(int count)
{
	while (count-- > 0 && atomic_load(&runtime.watching) && runtime_on())
		runtime_watch(0);
}

void runtime_watch(int fd)
{
	misuse_watch();
	trigger_watch(fd, runtime_now_ms());
}

void runtime_still_open(int fd, struct closing closing)
{
	if (RAW(fcntl, fd, F_GETFD) == -EBADF)
		slot_closed(&runtime.ledger,
			    closing); /* by another thread, whose hook may not know yet */
	else
		slot_still_open(&runtime.ledger, closing);
}

void runtime_failed(const char *name)
{
	hook_ends();
	if (__builtin_expect(errno == EMFILE || errno == ENFILE, 0)) {
		arm_wake();
		if (runtime_on() && runtime.options.emfile)
			trigger_out_of_descriptors(name);
	}
}

int runtime_result_strange(int fd, enum fd_kind kind, const char *name, const void *frame)
{
	if (fd < 0) {
		runtime_failed(name);
		return fd;
	}
	fd = spread_move(fd);
	runtime_record(fd, slot_opening(kind, FD_OPENED, FD_OWNER_NONE), -1, frame);
	return fd;
}

void runtime_connected(int fd, const struct sockaddr *address, socklen_t length, const void *frame)
{
	if (!runtime_on())
		return;
	struct captured captured =
		capture_stack(&runtime.capture, runtime_registers(frame), &thread_state.bounds);
	ledger_set_connection(&runtime.ledger, fd,
			      connection_table_intern(&runtime.ledger.connections, captured.stack,
						      address, length));
}
