// SPDX-License-Identifier: MIT
/* See tracee.h. */
#include "tracee.h"

#include <stdlib.h>

struct task *task_find(const struct tracees *tracees, int tid)
{
	struct task *task;

	HASH_FIND_INT(tracees->tasks, &tid, task);
	return task;
}

struct task *task_create(struct tracees *tracees, int tid, struct process *process)
{
	struct task *task = calloc(1, sizeof(*task));

	if (!task)
		return NULL;
	task->tid = tid;
	task->process = process;
	if (process)
		process->tasks++;
	HASH_ADD_INT(tracees->tasks, tid, task);
	return task;
}

static void process_destroy(struct process *process)
{
	remote_memory_destroy(process->memory);
	libc_frames_release(process->libc_frames);
	go_program_release(process->go);
	plant_release(process->plant);
	free(process);
}

void task_ends(struct tracees *tracees, struct task *task)
{
	struct process *process = task->process;
	struct task *other;

	if (task->ending)
		return;
	task->ending = true;
	if (!process)
		return;
	process->ending++;
	if (task->tid != process->reader)
		return;
	for (other = tracees->tasks; other; other = other->hh.next)
		if (other->process == process && !other->ending) {
			process->reader = other->tid;
			remote_memory_destroy(process->memory);
			process->memory = NULL;
			return;
		}
}

bool task_was_early(struct tracees *tracees, struct task *task)
{
	bool early = task->early;

	tracees->early -= early;
	task->early = false;
	return early;
}

bool task_was_answered(struct tracees *tracees, struct task *task)
{
	bool answered = task->answered;

	tracees->answered -= answered;
	task->answered = false;
	return answered;
}

void task_destroy(struct tracees *tracees, struct task *task)
{
	struct process *process = task->process;

	task_was_early(tracees, task);
	task_was_answered(tracees, task);
	if (process && task->ending)
		process->ending--;

	HASH_DEL(tracees->tasks, task);
	fd_table_release(task->table);
	free(task);
	if (process && --process->tasks == 0)
		process_destroy(process);
}

struct task *task_becomes(struct tracees *tracees, int tid, int pid)
{
	struct task *task = task_find(tracees, tid), *leader = task_find(tracees, pid);

	if (tid == pid || !task)
		return leader;
	if (leader)
		task_destroy(tracees, leader);
	HASH_DEL(tracees->tasks, task);
	task->tid = pid;
	HASH_ADD_INT(tracees->tasks, tid, task);
	return task;
}

struct process *process_create(int pid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (process)
		process->pid = process->reader = pid;
	return process;
}

struct remote_memory *process_memory(struct process *process)
{
	if (!process->memory)
		process->memory = remote_memory_create(process->reader);
	return process->memory;
}
