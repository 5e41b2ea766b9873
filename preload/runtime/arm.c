// SPDX-License-Identifier: MIT
/*
 * See arm.h. The gate opens before the descriptors are listed. A hook looks at the gate after its
 * real call has returned. So if it finds the tracer asleep, its descriptor is open before the list
 * begins, and is in it; else it records it itself.
 */
#include "arm.h"

#include <errno.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/policy/stderr_lines.h"
#include "enroll.h"
#include "trigger.h"
#include "use.h"

/* Whether the tracer sleeps in this process. A vfork child has our memory, and other
 * descriptors. */
static bool is_ours(void)
{
	return arm_asleep() && !thread_state.vforks &&
	       (int)RAW(getpid) == atomic_load(&runtime.pid);
}

/* How many of the numbers from 0 to last are open. */
static uint32_t count_open(int last)
{
	uint32_t count = 0;

	for (int fd = 0; fd <= last; fd++)
		count += descriptor_open(fd) != 0;
	return count;
}

bool arm_reached(int fd)
{
	static _Atomic int64_t opens_left; /* until the descriptors are counted again */

	/* The kernel gives the lowest number that is free, so most often fd tells. Only a program
	 * that asks for high numbers (dup2, F_DUPFD) has them counted. */
	if (!is_ours() || atomic_fetch_sub(&opens_left, 1) > 1)
		return false;
	uint32_t count = count_open(fd);
	if (count < runtime.options.arm) {
		atomic_store(&opens_left, runtime.options.arm - count);
		return false;
	}
	arm_wake();
	return runtime_on();
}

static void adopt(int fd, void *data)
{
	struct ledger_words words;

	(void)data;
	/* If another thread has closed it since the list was read, its hook found no entry. */
	if (ledger_adopt(&runtime.ledger, fd, &words) && descriptor_open(fd) == 0)
		ledger_forget_if(&runtime.ledger, fd, words);
	use_follow(fd);
}

void arm_wake(void)
{
	const uint64_t all = UINT64_MAX;
	uint32_t sleeping = GATE_ASLEEP;
	int saved = errno;
	uint64_t own;

	if (!is_ours())
		return;
	/* A handler would find the gate open, and half of the list. */
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &own, sizeof(all));
	runtime.armed_ms = runtime_now_ms();
	if (!runtime.process_started_ms)
		runtime.process_started_ms = runtime.started_ms;
	if (atomic_compare_exchange_strong(&runtime.wiped->gate, &sleeping, GATE_OPEN)) {
		atomic_store(&runtime.arm, ARM_NEVER);
		descriptors_each(adopt, NULL);
		trigger_start();
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &own, NULL, sizeof(own));
	errno = saved;
}

void arm_slept(void)
{
	LINE(line, LINE_SHORT);

	if (!enroll_present() && !runtime.options.verbose)
		return;
	line_add(&line, runtime.program);
	line_add(&line, ", process ");
	line_number(&line, (int)RAW(getpid));
	line_add(&line, ": asleep to its end (FDTRAIL_ARM=");
	line_number(&line, runtime.options.arm);
	line_add(&line, "), so it isn't known what it has left open");
	message(&line);
}
