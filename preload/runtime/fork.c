// SPDX-License-Identifier: MIT
/*
 * fork. The child notices by itself: its gate is zero (see runtime.h), whichever call made it, and
 * the first hook there repairs what was copied half done. The handlers around the C library's fork
 * see to it that there is mostly nothing to repair: registered first, they run closest to the
 * system call itself. Around calls that run no handlers, preload/hooks/child_process.c does the
 * same.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "enroll.h"
#include "runtime.h"
#include "signals.h"
#include "trigger.h"

/* Of the thread that forks; several may at once. */
static _Thread_local struct capture_hold hold __attribute__((tls_model("initial-exec")));

static void before(void)
{
	if (runtime_on())
		capture_before_fork(&runtime.capture, &hold);
}

static void after(void)
{
	capture_after_fork(&runtime.capture, &hold);
}

void fork_note_time(void)
{
	if (runtime.wiped)
		atomic_store(&runtime.wiped->forked_ms, runtime_now_ms());
}

static void after_in_child(void)
{
	/* Where memory is not wiped (Linux before 4.14) this is how the child knows. */
	if (runtime.wiped && atomic_load(&runtime.wiped->gate) == GATE_OPEN && !thread_state.vforks)
		memset(runtime.wiped, 0, sizeof(*runtime.wiped));
	fork_note_time();
	after();
}

void fork_register(void)
{
	pthread_atfork(before, after, after_in_child);
}

/* A thread that was closing is not here to finish it, and the copies of memory and descriptors are
 * of two moments: a marked number may be open, and may have been given to another opening since. */
static void end_closes(void)
{
	struct ledger_entry entry;

	for (int fd = ledger_next(&runtime.ledger, 0); fd >= 0;
	     fd = ledger_next(&runtime.ledger, fd + 1)) {
		if (!ledger_read(&runtime.ledger, fd, &entry, NULL) || !entry.closing)
			continue;
		ledger_forget(&runtime.ledger, fd);
		if (descriptor_open(fd) != 0)
			runtime_inherit(fd);
	}
}

void fork_happened(void)
{
	const uint64_t all = UINT64_MAX;
	uint64_t own;
	uint32_t nobody = 0;

	RAW(rt_sigprocmask, SIG_SETMASK, &all, &own, sizeof(all));
	if (atomic_compare_exchange_strong(&runtime.wiped->forking, &nobody, 1)) {
		thread_state.vforks = 0;
		atomic_store(&runtime.forked_from, atomic_load(&runtime.pid));
		atomic_store(&runtime.pid, (int)RAW(getpid));
		atomic_fetch_add(&runtime.forks, 1);
		atomic_store(&runtime.number, 0);
		atomic_store(&runtime.ended, false);
		signals_forked();
		enroll_process(runtime.program);
		capture_forked(&runtime.capture);
		end_closes();
		/* The kernel copies memory and descriptors one after the other, and other threads
		 * of the parent go on meanwhile: what they were opening may be in our table and
		 * not in our ledger. It is inherited. */
		if (atomic_exchange(&runtime.threaded, false))
			runtime_note_inherited();
		trigger_start();
		atomic_store(&runtime.wiped->gate, GATE_OPEN);
	} else {
		/* Another thread of the new process is at it, with its signals blocked. */
		while (atomic_load(&runtime.wiped->gate) == GATE_NEW)
			RAW(sched_yield);
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &own, NULL, sizeof(own));
}
