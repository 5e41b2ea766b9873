// SPDX-License-Identifier: MIT
/*
 * The tasks of asyncio that await the running one, from Python 3.14 on, which keeps them in each
 * task. Their frames are suspended, so that they are in no thread's list.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "preload/core/capture/interpreter.h"
#include "python_layout.h"

struct python_tasks {
	uint32_t running; /* offset in PyThreadState: the task that runs */
	/* In a task, and is_task and awaited_by in any future. */
	uint32_t is_task, awaited_by, awaited_by_is_set, coroutine;
};

/* Finds the offsets that the module _asyncio has for debuggers. symbol: an address in that module.
 * Calls the loader. False: they are not there. */
bool python_tasks_find(const struct python_layout *layout, uintptr_t symbol,
		       struct python_tasks *tasks);

/* Whether another task awaits the one that the thread runs. */
bool python_tasks_awaited(const struct python_tasks *tasks, uintptr_t thread);

/* Adds the frames of the awaiting tasks to those of the thread, as the callers of the running task.
 * If several tasks await one, no more are added. Returns how many frames there are then, at most
 * room. Survives any contents of memory. */
int python_tasks_add(const struct python_layout *layout, const struct python_tasks *tasks,
		     uintptr_t thread, struct language_frame *frames, int count, int room);
