// SPDX-License-Identifier: MIT
/* See signal_state.h. The fields are those of proc_pid_status(5). */
#include "signal_state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "preload/core/policy/options.h"
#include "preload/core/snapshot/proc.h"
#include "loaded_tracer.h"

enum { ENVIRONMENT_MAX = 32 * 1024 * 1024, STATUS_MAX = 16384 };

/* The value of a variable in the environment that process pid was started with, or NULL. The caller
 * frees it. */
static char *variable(int pid, const char *name)
{
	char path[PROC_PATH_SIZE], *text = NULL, *found = NULL;
	size_t size = 0, length = strlen(name);
	ssize_t got;

	FILE *file = fopen(proc_pid_path(path, pid, "environ"), "re");
	if (!file)
		return NULL;
	for (size_t total = 0;
	     !found && total < ENVIRONMENT_MAX && (got = getdelim(&text, &size, '\0', file)) > 0;
	     total += (size_t)got)
		if (strncmp(text, name, length) == 0 && text[length] == '=')
			found = strdup(text + length + 1);
	free(text);
	fclose(file);
	return found;
}

int signal_state_preload(int pid)
{
	/* The tracer's own note first, because programs overwrite their environment. */
	int number = loaded_tracer_signal(pid);
	if (number >= 0)
		return number;

	char *value = variable(pid, "FDTRAIL_SIGNAL"), *preload = variable(pid, "LD_PRELOAD");

	if (value) {
		number = options_signal(value);
		if (number < 0) /* the tracer uses the default then, too */
			number = SIGUSR1;
	} else {
		/* Without LD_PRELOAD the environment has changed since the tracer read it. */
		number = preload ? SIGUSR1 : -ENODATA;
	}
	free(value);
	free(preload);
	return number;
}

int signal_state_engine(int pid)
{
	char *value = variable(pid, "FDTRAIL_SIGNAL");
	int number = value ? options_signal(value) : SIGUSR1;

	free(value);
	return number < 0 ? SIGUSR1 : number;
}

struct signals {
	uint64_t blocked, caught;
	uint64_t pending, thread_pending; /* for the process; for the thread */
	bool known;
};

static void take_line(const char *line, size_t length, void *data)
{
	struct signals *signals = data;

	if (proc_field(line, length, "SigBlk:", 16, &signals->blocked))
		signals->known = true;
	proc_field(line, length, "SigCgt:", 16, &signals->caught);
	proc_field(line, length, "ShdPnd:", 16, &signals->pending);
	proc_field(line, length, "SigPnd:", 16, &signals->thread_pending);
}

struct threads {
	int pid;
	uint64_t bit;
	size_t seen, blocking;
	bool caught;
};

static void look_at_thread(int thread, void *data)
{
	struct threads *threads = data;
	struct signals signals = {0};
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", threads->pid, thread);
	proc_each_line(path, STATUS_MAX, take_line, &signals);
	if (!signals.known)
		return;
	threads->seen++;
	threads->blocking += (signals.blocked & threads->bit) != 0;
	threads->caught |= (signals.caught & threads->bit) != 0;
}

enum heard signal_state(int pid, int number, bool needs_handler)
{
	struct threads threads = {.pid = pid, .bit = UINT64_C(1) << (number - 1)};
	char path[PROC_PATH_SIZE];
	int folder = open(proc_pid_path(path, pid, "task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return HEARD_UNKNOWN;
	descriptors_in(folder, look_at_thread, &threads);
	close(folder);
	if (!threads.seen)
		return HEARD_UNKNOWN;
	if (needs_handler && !threads.caught)
		return HEARD_NOT;
	return threads.blocking == threads.seen ? HEARD_BLOCKED : HEARD;
}

bool signal_state_pending(int pid, int number)
{
	struct signals signals = {0};
	char path[PROC_PATH_SIZE];

	proc_each_line(proc_pid_path(path, pid, "status"), STATUS_MAX, take_line, &signals);
	return signals.pending >> (number - 1) & 1;
}

bool signal_state_pending_in(int pid, int thread, int number)
{
	struct signals signals = {0};
	char path[PROC_PATH_SIZE];

	proc_each_line(proc_task_path(path, pid, (uint32_t)thread, "status"), STATUS_MAX, take_line,
		       &signals);
	return signals.thread_pending >> (number - 1) & 1;
}
