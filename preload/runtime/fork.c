// SPDX-License-Identifier: MIT
/*
 * fork. A child notices by itself that it is one, whichever call made it: its gate is zero (see
 * runtime.h). Its first hook then repairs data that another thread was changing while the kernel
 * copied it. Handlers around the C library's fork hold the capture lock, so that there is mostly
 * nothing to repair. They are registered first, so they run closest to the system call. For calls
 * that run no handlers, preload/hooks/child_process.c does the same.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "arm.h"
#include "enroll.h"
#include "exit.h"
#include "runtime.h"
#include "signals.h"
#include "thread_registry.h"
#include "trigger.h"

/* One for each thread, because several threads may fork at once. */
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
	/* Linux before 4.14 doesn't wipe memory, so the child learns here that it is one. */
	if (runtime.wiped && (atomic_load(&runtime.wiped->gate) == GATE_OPEN || arm_asleep()) &&
	    !thread_state.vforks)
		memset(runtime.wiped, 0, sizeof(*runtime.wiped));
	fork_note_time();
	after();
}

void fork_register(void)
{
	pthread_atfork(before, after, after_in_child);
}

/* Ends the closes that other threads of the parent had begun: these threads don't exist in the
 * child. The kernel copies memory and descriptor table one after the other, so a number that is
 * marked may be open in the child, and may even have been opened again. Such a one is inherited. */
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
		thread_registry_forked();
		atomic_store(&runtime.number, 0);
		atomic_store(&runtime.ended, false);
		exit_forked();
		signals_forked();
		enroll_process(runtime.program);
		capture_forked(&runtime.capture);
		end_closes();
		/* The kernel copies memory and descriptor table one after the other, while other
		 * threads of the parent run on. So a descriptor that they were opening may be in
		 * the child's table and not in its ledger. It counts as inherited. */
		bool sleeps = atomic_load(&runtime.arm) != ARM_NEVER;
		if (atomic_exchange(&runtime.threaded, false) && !sleeps)
			runtime_note_inherited();
		trigger_start();
		atomic_store(&runtime.wiped->gate, sleeps ? GATE_ASLEEP : GATE_OPEN);
	} else {
		/* Another thread of the new process is repairing, with its signals blocked. */
		while (atomic_load(&runtime.wiped->gate) == GATE_NEW)
			RAW(sched_yield);
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &own, NULL, sizeof(own));
}
