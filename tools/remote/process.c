// SPDX-License-Identifier: MIT
/* See process.h. */
#include "process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../preload/snapshot/proc.h"

enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD, include/linux/sched.h */

static uint64_t milliseconds(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The kernel counts from boot, time asleep included; a snapshot by the clock that stands still
 * then. */
static uint64_t started(uint64_t ticks)
{
	uint64_t age = milliseconds(CLOCK_BOOTTIME), now = milliseconds(CLOCK_MONOTONIC);
	uint64_t since_boot = ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);

	age = age > since_boot ? age - since_boot : 0;
	return now > age ? now - age : 0;
}

static void take_status(const char *line, size_t length, void *data)
{
	struct process *process = data;
	uint64_t value;

	if (proc_field(line, length, "Uid:", 10, &value))
		process->user = (uid_t)value;
	else if (proc_field(line, length, "Tgid:", 10, &value))
		process->leader = (int)value;
	else if (proc_field(line, length, "TracerPid:", 10, &value))
		process->tracer = (int)value;
}

int process_read(struct process *process, int pid)
{
	char path[PROC_PATH_SIZE], text[1024];
	unsigned int flags;
	unsigned long long ticks;

	*process = (struct process){.pid = pid, .leader = pid};
	if (pid <= 0 || !proc_read(proc_pid_path(path, pid, "stat"), text, sizeof(text)))
		return -ESRCH;
	/* The name stands in parentheses and may hold some itself. */
	char *name = strchr(text, '('), *end = strrchr(text, ')');
	if (!name || !end || end < name || (size_t)(end - name) > sizeof(process->name))
		return -ESRCH;
	memcpy(process->name, name + 1, (size_t)(end - name) - 1);
	if (sscanf(end + 1, " %c %*d %*d %*d %*d %*d %u", &process->state, &flags) != 2)
		return -ESRCH;
	/* starttime is the 22nd field, the state the third */
	for (int field = 3; field <= 22 && end; field++)
		end = strchr(end + 1, ' ');
	if (!end || sscanf(end, " %llu", &ticks) != 1)
		return -ESRCH;
	process->is_kernel_thread = flags & KERNEL_THREAD;
	process->started_ticks = ticks;
	process->started_ms = started(ticks);
	proc_each_line(proc_pid_path(path, pid, "status"), 16384, take_status, process);
	return 0;
}

const char *process_obstacle(const struct process *process, char *text, size_t size)
{
	if (process->is_kernel_thread)
		snprintf(text, size, "process %d is a kernel thread: it has no descriptors",
			 process->pid);
	else if (process->leader != process->pid)
		snprintf(text, size, "%d is a thread of process %d; ask for that one", process->pid,
			 process->leader);
	else if (process->state == 'Z' || process->state == 'X')
		snprintf(text, size,
			 "process %d has ended (it is a zombie): its descriptors are closed",
			 process->pid);
	else
		return NULL;
	return text;
}
