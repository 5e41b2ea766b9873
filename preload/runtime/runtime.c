// SPDX-License-Identifier: MIT
/*
 * See runtime.h. This is the path that every hooked call takes, so nothing here makes a system call
 * or takes a lock once thread and stack are known.
 */
#include "runtime.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "../base/descriptors.h"
#include "../base/syscall.h"
#include "../ledger/slot.h"
#include "trigger.h"

/* Until memory has been mapped, a gate that is not open. */
static struct wiped before_start;
struct runtime runtime = {.wiped = &before_start};
_Thread_local struct thread_state thread_state;

uint64_t runtime_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool runtime_on_slowly(void)
{
	uint32_t gate = atomic_load(&runtime.wiped->gate);

	if (thread_state.vforks & THREAD_INSIDE)
		return false;
	if (gate == GATE_NEW) {
		if (runtime.wiped == &before_start)
			runtime_start();
		else
			fork_happened();
		gate = atomic_load(&runtime.wiped->gate);
	}
	if (gate == GATE_SHUT || gate == GATE_NEW)
		return false;
	/* A vfork child has our memory and its own descriptors: what it closes is still open here.
	 */
	if (thread_state.vforks || gate == GATE_SHARED)
		return RAW(getpid) == atomic_load(&runtime.pid);
	return true;
}

static void note_inherited(int fd, void *data)
{
	(void)data;
	if (!ledger_read(&runtime.ledger, fd, NULL, NULL))
		ledger_opened(
			&runtime.ledger, fd,
			&(struct ledger_entry){.origin = FD_INHERITED, .dup_of = LEDGER_NO_FD});
}

void runtime_note_inherited(void)
{
	descriptors_each(note_inherited, NULL);
}

struct registers runtime_registers(const void *frame)
{
	/* What a prologue with a frame pointer leaves: saved fp, return address; and above them the
	 * caller's stack (System V ABI for x86_64, 3.2.2). AAPCS64 says the same of the first two;
	 * there the caller's sp is not in the frame record and the walk begins at the record. */
	const uintptr_t *record = frame;

	return (struct registers){
		.pc = record[1],
		.sp = (uintptr_t)(record + 2),
		.fp = record[0],
	};
}

static uint32_t thread_id(void)
{
	uint32_t forks = atomic_load_explicit(&runtime.forks, memory_order_relaxed) + 1;

	if (thread_state.tid_forks != forks) {
		thread_state.tid = (uint32_t)RAW(gettid);
		thread_state.tid_forks = forks;
		if ((int)thread_state.tid != atomic_load(&runtime.pid))
			atomic_store(&runtime.threaded, true);
	}
	return thread_state.tid;
}

static struct captured capture_at(const void *frame)
{
	struct registers registers = runtime_registers(frame);

	return capture_stack(&runtime.capture, &registers, &thread_state.bounds);
}

static void record(int fd, const struct opening *opening, const void *frame)
{
	uint32_t outer = thread_state.recording;
	uint64_t now = runtime_now_ms();

	/* For a signal that comes in now, and asks for a snapshot. */
	thread_state.recording = (uint32_t)fd + 1;
	atomic_signal_fence(memory_order_seq_cst);
	struct captured captured = capture_at(frame);
	struct ledger_entry entry = {
		.stack = captured.stack,
		.opened_at = (uint32_t)((now - runtime.started_ms) / LEDGER_TICK_MS),
		.thread = thread_id(),
		.dup_of =
			opening->origin == FD_DUPLICATED ? (uint32_t)opening->dup_of : LEDGER_NO_FD,
		.kind = opening->kind,
		.origin = opening->origin,
		.owner = opening->owner,
	};

	slot_opened(&runtime.ledger, fd, &entry, captured.figures);
	atomic_signal_fence(memory_order_seq_cst);
	thread_state.recording = outer;
	if (__builtin_expect(atomic_load_explicit(&runtime.watching, memory_order_relaxed), 0))
		trigger_watch(fd, now);
}

void runtime_opened(int fd, const struct opening *opening, const void *frame)
{
	if (runtime_on())
		record(fd, opening, frame);
}

int runtime_result(int fd, enum fd_kind kind, const char *name, const void *frame)
{
	if (fd < 0)
		runtime_failed(name);
	else if (runtime_on())
		record(fd, &(struct opening){.kind = kind}, frame);
	return fd;
}

void runtime_failed(const char *name)
{
	if (__builtin_expect(errno == EMFILE || errno == ENFILE, 0))
		if (runtime_on() && runtime.options.emfile)
			trigger_out_of_descriptors(name);
}

bool runtime_closing(int fd)
{
	return runtime_on() && slot_closing(&runtime.ledger, fd);
}

void runtime_closed(int fd)
{
	slot_closed(&runtime.ledger, fd);
	if (__builtin_expect(atomic_load_explicit(&runtime.watching, memory_order_relaxed), 0))
		trigger_watch(-1, runtime_now_ms());
}

void runtime_connected(int fd, const struct sockaddr *address, socklen_t length, const void *frame)
{
	if (runtime_on())
		ledger_set_connection(&runtime.ledger, fd,
				      connection_table_intern(&runtime.ledger.connections,
							      capture_at(frame).stack, address,
							      length));
}
