// SPDX-License-Identifier: MIT
/* See process.h. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/base_name.h"
#include "preload/core/base/boottime.h"
#include "preload/core/base/descriptors.h"
#include "preload/core/base/monotonic.h"
#include "preload/core/snapshot/proc.h"
#include "preload/core/snapshot/stat_line.h"

enum { KERNEL_THREAD = 0x00200000 }; /* PF_KTHREAD, include/linux/sched.h */

uint64_t process_started_boottime_ms(const struct process *process)
{
	return process->started_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* The kernel counts in CLOCK_BOOTTIME, snapshots in CLOCK_MONOTONIC, which stands still while the
 * machine is suspended. */
static uint64_t started_ms(const struct process *process)
{
	uint64_t since_boot = process_started_boottime_ms(process);
	uint64_t age = boottime_ms(), now = (uint64_t)monotonic_ms();

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
	else if (proc_field(line, length, "PPid:", 10, &value))
		process->parent = (int)value;
	else if (proc_field(line, length, "TracerPid:", 10, &value))
		process->tracer = (int)value;
	else if (proc_field(line, length, "Threads:", 10, &value))
		process->threads = (int)value;
}

/* The errno for a process that /proc doesn't show. Signal 0 is not sent, but kill(2) tells whether
 * the process exists. */
static int not_shown(int pid)
{
	return kill(pid, 0) == 0 || errno == EPERM ? -EACCES : -ESRCH;
}

/* Goes from the blank before a field of /proc/PID/stat to the blank before a later field. The state
 * is the third, starttime the 22nd, exit_signal the 38th (proc_pid_stat(5)). NULL: the line ends
 * before. */
static const char *skip_fields(const char *at, int from, int to)
{
	for (int field = from; field < to && at; field++)
		at = strchr(at + 1, ' ');
	return at;
}

int process_read(struct process *process, int pid)
{
	char path[PROC_PATH_SIZE], text[1024];
	unsigned int flags;
	unsigned long long ticks;

	*process = (struct process){.pid = pid, .leader = pid};
	if (pid <= 0)
		return -ESRCH;
	if (!proc_has_our_numbers())
		return -EXDEV;
	if (!proc_read(proc_pid_path(path, pid, "stat"), text, sizeof(text)))
		return not_shown(pid);
	const char *name = strchr(text, '('), *at = stat_line_state(text);
	size_t length = name && at && name < at ? (size_t)(at - name) - strlen("() ") : SIZE_MAX;
	if (length >= sizeof(process->name))
		return -ESRCH;
	memcpy(process->name, name + 1, length);
	at--; /* to the blank before the state */
	if (sscanf(at, " %c %*d %*d %*d %*d %*d %u", &process->state, &flags) != 2)
		return -ESRCH;
	at = skip_fields(at, 3, 22);
	if (!at || sscanf(at, " %llu", &ticks) != 1)
		return -ESRCH;
	at = skip_fields(at, 22, 38);
	if (!at || sscanf(at, " %d", &process->exit_signal) != 1)
		return -ESRCH;
	process->is_kernel_thread = flags & KERNEL_THREAD;
	process->started_ticks = ticks;
	process->started_ms = started_ms(process);
	proc_each_line(proc_pid_path(path, pid, "status"), 16384, take_status, process);
	return 0;
}

static bool is_dead(const struct process *process)
{
	return process->state == 'Z' || process->state == 'X';
}

bool process_has_ended(const struct process *process)
{
	return is_dead(process) && process->threads <= 1;
}

bool process_has_ended_since(const struct process *process)
{
	struct process now;

	return process_read(&now, process->pid) != 0 || process_has_ended(&now) ||
	       now.started_ticks != process->started_ticks;
}

static void take_live_thread(int thread, void *data)
{
	struct process process;

	if (!*(int *)data && process_read(&process, thread) == 0 && !is_dead(&process))
		*(int *)data = thread;
}

int process_thread(const struct process *process)
{
	char path[PROC_PATH_SIZE];
	int thread = 0;

	if (!is_dead(process))
		return process->pid;
	int folder =
		open(proc_pid_path(path, process->pid, "task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return 0;
	descriptors_in(folder, take_live_thread, &thread);
	close(folder);
	return thread;
}

static bool is_named_fdtrail(const char *path)
{
	const char *name = base_name(path);

	return strcmp(name, "fdtrail") == 0 || strcmp(name, "fdtrail (deleted)") == 0;
}

bool process_is_fdtrail(int pid)
{
	char path[PROC_PATH_SIZE], exe[PATH_MAX];
	struct process process;

	if (process_read(&process, pid))
		return false;
	ssize_t length = readlink(proc_pid_path(path, pid, "exe"), exe, sizeof(exe) - 1);
	if (length >= 0) {
		exe[length] = '\0';
		return is_named_fdtrail(exe);
	}
	/* Another user's process: every user can read its name and its arguments. */
	return is_named_fdtrail(process.name) &&
	       proc_read(proc_pid_path(path, pid, "cmdline"), exe, sizeof(exe)) &&
	       is_named_fdtrail(exe);
}

const char *process_obstacle(const struct process *process, char *text, size_t size)
{
	if (process->is_kernel_thread)
		snprintf(text, size, "process %d is a kernel thread: it has no descriptors",
			 process->pid);
	else if (process->leader != process->pid)
		snprintf(text, size, "%d is a thread of process %d: use that number", process->pid,
			 process->leader);
	else if (process_has_ended(process))
		snprintf(text, size,
			 "process %d has ended (it is a zombie): its descriptors are closed",
			 process->pid);
	else
		return NULL;
	return text;
}
