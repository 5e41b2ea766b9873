// SPDX-License-Identifier: MIT
/*
 * See requests.h. The handler keeps the signal's siginfo, and the loop over waitpid(2) answers. A
 * request that comes in just before waitpid(2) waits for the next event, or for the next signal of
 * `fdtrail snapshot`, which sends again until it is answered.
 */
#include "requests.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/channel.h"
#include "preload/core/snapshot/proc.h"
#include "triggers.h"

enum { KEPT = 16 };

/* A ring buffer: the handler adds, the loop removes. */
static siginfo_t kept[KEPT];
static _Atomic unsigned int filled, taken;

static void on_request(int number, siginfo_t *info, void *context)
{
	unsigned int place = atomic_load(&filled);

	(void)number;
	(void)context;
	if (!channel_asks(info) || place - atomic_load(&taken) == KEPT)
		return;
	kept[place % KEPT] = *info;
	atomic_store(&filled, place + 1);
}

void requests_start(void)
{
	/* Without SA_RESTART, so that waitpid(2) returns. */
	struct sigaction action = {.sa_sigaction = on_request, .sa_flags = SA_SIGINFO};

	sigaction(CHANNEL_ENGINE_SIGNAL, &action, NULL);
}

void requests_hold(bool hold)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, CHANNEL_ENGINE_SIGNAL);
	sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* The process that the request is for, which the file's name says; or 0. */
static int process_meant(const siginfo_t *info)
{
	static const char name[] = "/memfd:" CHANNEL_ENGINE_FILE;
	char path[PROC_PATH_SIZE], link[sizeof(name) + 64];
	ssize_t length = readlink(proc_fd_path(path, info->si_pid, channel_file(info)), link,
				  sizeof(link) - 1);

	link[length > 0 ? length : 0] = '\0';
	return strncmp(link, name, strlen(name)) == 0 ? atoi(link + strlen(name)) : 0;
}

/* A task of the process that has a table and isn't ending. */
static struct task *task_of(const struct tracer *tracer, int pid)
{
	struct task *task;

	for (task = tracer->tracees.tasks; task; task = task->hh.next)
		if (task->process && task->process->pid == pid && task->table && !task->ending &&
		    task->process->recording)
			return task;
	return NULL;
}

void requests_answer(const struct tracer *tracer)
{
	for (unsigned int place; (place = atomic_load(&taken)) != atomic_load(&filled);) {
		siginfo_t info = kept[place % KEPT];

		atomic_store(&taken, place + 1);
		struct task *task = task_of(tracer, process_meant(&info));
		if (task)
			triggers_request(tracer, task, &info);
	}
}
