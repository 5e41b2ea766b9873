// SPDX-License-Identifier: MIT
/* See beside.h. */
#include "beside.h"

#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/libc/real.h"

enum {
	STACK = 64 * 1024,
	FLAGS = CLONE_VM | CLONE_FILES | CLONE_FS, /* without a signal when it ends */
};

static bool has_processors(void)
{
	unsigned long mask[1024 / (8 * sizeof(long))] = {0}; /* EINVAL: there are more than 1024 */
	long size = RAW(sched_getaffinity, 0, sizeof(mask), mask);
	int count = 0;

	for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(*mask); i++)
		count += __builtin_popcountl(mask[i]);
	return count > 1 || size == -EINVAL;
}

static int begin(void *data)
{
	struct beside *beside = data;

	/* When the first helper has ended, the program frees the memory that this work uses. */
	RAW(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	beside->work(beside->data);
	beside->done = true;
	return 0;
}

bool beside_begin(struct beside *beside, void (*work)(void *data), void *data)
{
	if (!has_processors() ||
	    (seccomp_present && (seccomp_will_refuse(SYS_clone, FLAGS, 0, 0, 0, 0, 0) ||
				 seccomp_will_refuse(SYS_wait4, -1, 0, __WALL, 0, 0, 0))))
		return false;
	*beside = (struct beside){.work = work, .data = data, .stack = memory_map(STACK)};
	if (!beside->stack)
		return false;
	beside->pid = REAL(clone)(begin, beside->stack + STACK, FLAGS, beside);
	if (beside->pid < 0)
		memory_unmap(beside->stack, STACK);
	return beside->pid >= 0;
}

bool beside_end(struct beside *beside)
{
	long ended;

	do
		ended = RAW(wait4, beside->pid, NULL, __WALL, NULL);
	while (ended == -EINTR);
	memory_unmap(beside->stack, STACK);
	return beside->done;
}
