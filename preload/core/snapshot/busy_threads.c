// SPDX-License-Identifier: MIT
/* See busy_threads.h. */
#include "busy_threads.h"

#include <fcntl.h>
#include <string.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/base/raw_syscall.h"
#include "proc.h"

enum {
	LOOKED_AT_MAX = 4096,     /* threads; to look at one takes some 10 us */
	RAN_NS = 2 * 1000 * 1000, /* a walk that was never made before takes 0.3 ms */
	STAT_SIZE = 512,
};

/* proc(5), /proc/PID/task/TID/stat: the letter behind the name, which may have any characters. */
static bool is_runnable(int pid, uint32_t thread)
{
	char path[PROC_PATH_SIZE], text[STAT_SIZE];

	if (!proc_read(proc_task_path(path, pid, thread, "stat"), text, sizeof(text)))
		return false;
	const char *name_end = strrchr(text, ')');
	return name_end && name_end[1] == ' ' && name_end[2] == 'R';
}

/* The first number of /proc/PID/task/TID/schedstat (Documentation/scheduler/sched-stats.rst in
 * Linux). False: the kernel does not say, or says 0, as some kernels do for all threads. A thread
 * that never ran has opened nothing. */
static bool time_on_processor(int pid, uint32_t thread, uint64_t *ns)
{
	char path[PROC_PATH_SIZE], text[STAT_SIZE];
	size_t length =
		proc_read(proc_task_path(path, pid, thread, "schedstat"), text, sizeof(text));
	const char *end = memchr(text, ' ', length);

	return end && proc_field(text, (size_t)(end - text), "", 10, ns) && *ns;
}

static int opens(const struct busy_threads *busy, uint32_t thread)
{
	return busy->opens ? busy->opens((int)thread) : -1;
}

static void look_at(int thread, void *data)
{
	struct busy_threads *busy = data;
	uint64_t ran_ns;

	if (busy->count == BUSY_THREADS_KEPT || busy->looked_at++ >= LOOKED_AT_MAX ||
	    opens(busy, (uint32_t)thread) == 0 || !is_runnable(busy->pid, (uint32_t)thread) ||
	    !time_on_processor(busy->pid, (uint32_t)thread, &ran_ns))
		return;
	busy->threads[busy->count].thread = (uint32_t)thread;
	busy->threads[busy->count++].ran_ns = ran_ns;
}

void busy_threads_find(struct busy_threads *busy, int pid, int (*opens)(int thread))
{
	char path[PROC_PATH_SIZE];

	busy->pid = pid;
	busy->opens = opens;
	busy->count = busy->looked_at = 0;
	long dir = RAW(openat, AT_FDCWD, proc_pid_path(path, pid, "task"),
		       O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	descriptors_in((int)dir, look_at, busy);
	RAW(close, dir);

	/* A snapshot without a helper process is taken by a thread of the program. */
	uint32_t self = (uint32_t)RAW(gettid);
	for (size_t i = 0; i < busy->count; i++)
		if (busy->threads[i].thread == self)
			busy->threads[i] = busy->threads[--busy->count];
}

bool busy_threads_left(struct busy_threads *busy)
{
	uint64_t ran_ns;

	for (size_t i = busy->count; i-- > 0;)
		if (opens(busy, busy->threads[i].thread) == 0 ||
		    !is_runnable(busy->pid, busy->threads[i].thread) ||
		    !time_on_processor(busy->pid, busy->threads[i].thread, &ran_ns) ||
		    ran_ns - busy->threads[i].ran_ns >= RAN_NS)
			busy->threads[i] = busy->threads[--busy->count];
	return busy->count > 0;
}

bool busy_threads_open(const struct busy_threads *busy)
{
	for (size_t i = 0; i < busy->count; i++)
		if (opens(busy, busy->threads[i].thread) == 1)
			return true;
	return false;
}
