// SPDX-License-Identifier: MIT
/* See live_table.h. */
#include "live_table.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/snapshot/proc.h"

enum {
	ENDED = 0, /* the helper has ended: the kernel has written it */
	WORKS,     /* the helper asks nothing */
	ASKS,      /* the helper waits for an answer */
	/* To wait for an answer: the thread may be stopped (SIGSTOP), or have no processor. */
	PATIENCE_MS = 100,
	PAUSE_NS = 20 * 1000 * 1000,
};

static void wait_while(struct live_table *table, uint32_t state)
{
	struct timespec pause = {.tv_nsec = PAUSE_NS};

	RAW(futex, &table->state, FUTEX_WAIT, state, &pause, NULL, 0);
}

static void wake(struct live_table *table)
{
	RAW(futex, &table->state, FUTEX_WAKE, 1, NULL, NULL, 0);
}

bool live_table_needed(void)
{
	if (seccomp_present && (seccomp_will_refuse(SYS_futex, 0, FUTEX_WAIT, WORKS, 0, 0, 0) ||
				seccomp_will_refuse(SYS_futex, 0, FUTEX_WAKE, 1, 0, 0, 0)))
		return false;
	return RAW(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0) != 1 || !proc_has_our_numbers();
}

void live_table_begin(struct live_table *table)
{
	atomic_store(&table->state, WORKS);
	table->given_up = false;
}

/* True if the helper has ended. Its word may not show it: Linux before 5.16 doesn't clear the word
 * of a process that dumps core. */
static bool has_ended(int pid)
{
	siginfo_t ended = {0};

	RAW(waitid, P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL, NULL);
	return ended.si_pid == pid;
}

void live_table_serve(struct live_table *table, int pid)
{
	uint32_t state;

	while ((state = atomic_load(&table->state)) != ENDED) {
		if (state == ASKS) {
			table->answer = descriptor_open(table->fd);
			if (atomic_compare_exchange_strong(&table->state, &state, WORKS))
				wake(table);
			continue;
		}
		wait_while(table, state);
		if (atomic_load(&table->state) == state && has_ended(pid))
			return;
	}
}

int live_table_ask(int fd, void *data)
{
	struct live_table *table = data;
	int64_t until;

	if (table->given_up)
		return -1;
	table->fd = fd;
	atomic_store(&table->state, ASKS);
	wake(table);
	until = monotonic_ms() + PATIENCE_MS;
	while (atomic_load(&table->state) == ASKS) {
		if (monotonic_ms() > until) {
			table->given_up = true;
			return -1;
		}
		wait_while(table, ASKS);
	}
	return table->answer;
}
