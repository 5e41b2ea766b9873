// SPDX-License-Identifier: MIT
/*
 * See python_tasks.h. The offsets (struct _Py_AsyncioModuleDebugOffsets in _asynciomodule.c) have a
 * section of their own, but no exported symbol, and the headers of sections aren't loaded. So they
 * are found in the module's data by what holds between them.
 */
#include "python_tasks.h"

#include <string.h>

#include "preload/core/capture/proven_memory.h"
#include "module_data.h"
#include "python_internal.h"

enum {
	/* The words: three structures, each with its size first. */
	TASK_SIZE,
	TASK_NAME,
	TASK_AWAITED_BY,
	TASK_IS_TASK,
	TASK_IS_SET,
	TASK_COROUTINE,
	TASK_NODE,
	INTERPRETER_SIZE,
	INTERPRETER_TASKS,
	THREAD_SIZE,
	THREAD_LOOP,
	THREAD_RUNNING,
	THREAD_TASKS,
	WORDS,
	TASK_SIZE_MAX = 1024,
	THREAD_SIZE_MAX = 1 << 16,
	/* gi_frame_state of 3.14. */
	SUSPENDED_AT_AWAIT = -1, /* FRAME_SUSPENDED_YIELD_FROM */
	SUSPENDED = -2,
	/* Bounds of a walk. */
	TASKS_MOST = 8,
	COROUTINES_MOST = 16,
};

struct search {
	struct module_data module; /* first, so that its address is this one's */
	const struct python_layout *layout;
	struct python_tasks *tasks;
	bool found;
};

static bool all_below(const uint64_t *words, int first, int last, uint64_t limit)
{
	for (int i = first; i <= last; i++)
		if (!words[i] || words[i] >= limit)
			return false;
	return true;
}

static void look_at(struct module_data *module, uintptr_t place)
{
	struct search *search = (struct search *)module;
	uint64_t words[WORDS];

	proven_load(words, place, sizeof(words));
	if (words[INTERPRETER_SIZE] != search->layout->interpreter_size ||
	    words[TASK_SIZE] > TASK_SIZE_MAX || words[THREAD_SIZE] > THREAD_SIZE_MAX ||
	    !all_below(words, TASK_NAME, TASK_NODE, words[TASK_SIZE]) ||
	    !all_below(words, INTERPRETER_TASKS, INTERPRETER_TASKS, words[INTERPRETER_SIZE]) ||
	    !all_below(words, THREAD_LOOP, THREAD_TASKS, words[THREAD_SIZE]) ||
	    words[TASK_AWAITED_BY] % sizeof(void *) || words[TASK_COROUTINE] % sizeof(void *) ||
	    words[THREAD_RUNNING] != words[THREAD_LOOP] + sizeof(void *))
		return;
	*search->tasks = (struct python_tasks){
		.running = (uint32_t)words[THREAD_RUNNING],
		.is_task = (uint32_t)words[TASK_IS_TASK],
		.awaited_by = (uint32_t)words[TASK_AWAITED_BY],
		.awaited_by_is_set = (uint32_t)words[TASK_IS_SET],
		.coroutine = (uint32_t)words[TASK_COROUTINE],
	};
	search->found = true;
}

bool python_tasks_find(const struct python_layout *layout, uintptr_t symbol,
		       struct python_tasks *tasks)
{
	struct search search = {
		.module = {.symbol = symbol, .size = WORDS * sizeof(uint64_t), .look = look_at},
		.layout = layout,
		.tasks = tasks,
	};

	module_data_search(&search.module);
	return search.found;
}

static bool read_byte(uintptr_t address, uint8_t *byte)
{
	return proven_copy(byte, address, sizeof(*byte));
}

/* The one task that awaits this one; 0: none, or several. */
static uintptr_t awaiter_of(const struct python_tasks *tasks, uintptr_t task)
{
	uintptr_t awaiter;
	uint8_t is_set, is_task;

	return proven_word(task + tasks->awaited_by, &awaiter) && awaiter &&
			       read_byte(task + tasks->awaited_by_is_set, &is_set) && !is_set &&
			       read_byte(awaiter + tasks->is_task, &is_task) && is_task
		       ? awaiter
		       : 0;
}

/* The task that the thread runs; 0: none. */
static uintptr_t running_task(const struct python_tasks *tasks, uintptr_t thread)
{
	uintptr_t task;

	return proven_word(thread + tasks->running, &task) ? task : 0;
}

bool python_tasks_awaited(const struct python_tasks *tasks, uintptr_t thread)
{
	uintptr_t task = running_task(tasks, thread);

	return task && awaiter_of(tasks, task);
}

/* The frame of the task's own coroutine; 0: it can't be read. */
static uintptr_t outer_frame(const struct python_layout *layout, const struct python_tasks *tasks,
			     uintptr_t task)
{
	uintptr_t coroutine;

	return proven_word(task + tasks->coroutine, &coroutine) && coroutine
		       ? coroutine + layout->generator_frame
		       : 0;
}

/* The coroutine that a suspended one awaits, if both have the same type; else 0. */
static uintptr_t awaited(const struct python_layout *layout, uintptr_t frame)
{
	uintptr_t coroutine = frame - layout->generator_frame, top, inner, type, inner_type;
	uint8_t state;

	/* Its last value is what it awaits; the low bits are a tag (_PyStackRef). */
	if (!read_byte(coroutine + layout->generator_state, &state) ||
	    (int8_t)state != SUSPENDED_AT_AWAIT || !proven_word(frame + layout->frame_top, &top) ||
	    !proven_word(top - sizeof(inner), &inner))
		return 0;
	inner &= ~(uintptr_t)7;
	return inner && proven_word(coroutine + layout->object_type, &type) &&
			       proven_word(inner + layout->object_type, &inner_type) &&
			       type == inner_type
		       ? inner
		       : 0;
}

/* Fills frames with those of a task that waits, innermost first. */
static int suspended_frames(const struct python_layout *layout, uintptr_t frame,
			    struct language_frame *frames)
{
	uintptr_t chain[COROUTINES_MOST];
	int length = 0, count = 0;
	uint8_t state;

	if (!read_byte(frame - layout->generator_frame + layout->generator_state, &state) ||
	    ((int8_t)state != SUSPENDED_AT_AWAIT && (int8_t)state != SUSPENDED))
		return 0;
	while (frame && length < COROUTINES_MOST) {
		uintptr_t inner = awaited(layout, frame);

		chain[length++] = frame;
		frame = inner ? inner + layout->generator_frame : 0;
	}
	while (length--)
		count += python_frame(layout, chain[length], &frames[count]);
	return count;
}

/* Puts frames after the one at this place, as its callers. Returns the new count. */
static int insert(struct language_frame *frames, int count, int room, int place,
		  const struct language_frame *added, int number)
{
	struct language_frame *outer = &frames[place++];
	bool more = frames[count - 1].flags & LANGUAGE_MORE, cut = number > room - place;

	if (cut)
		number = room - place;
	if (!number)
		return count;
	frames[count - 1].flags &= (uint8_t)~LANGUAGE_MORE;
	int kept = count - place;
	if (kept > room - place - number) {
		kept = room - place - number;
		more = true;
	}
	memmove(&frames[place + number], &frames[place], (size_t)kept * sizeof(*frames));
	memcpy(&frames[place], added, (size_t)number * sizeof(*frames));
	/* They belong to the native frame of the task's step. */
	for (int i = 0; i < number; i++)
		frames[place + i].stack = outer->stack;
	frames[place + number - 1].flags = outer->flags & LANGUAGE_ENTRY;
	outer->flags &= (uint8_t)~LANGUAGE_ENTRY;
	count = place + number + kept;
	if (more || cut)
		frames[count - 1].flags |= LANGUAGE_MORE;
	return count;
}

int python_tasks_add(const struct python_layout *layout, const struct python_tasks *tasks,
		     uintptr_t thread, struct language_frame *frames, int count, int room)
{
	struct language_frame added[COROUTINES_MOST];
	uintptr_t task = running_task(tasks, thread), frame;

	if (!task || !(frame = outer_frame(layout, tasks, task)))
		return count;
	int place = python_place(layout, thread, frame, count);
	for (int i = 0; i < TASKS_MOST && place >= 0; i++) {
		task = awaiter_of(tasks, task);
		frame = task ? outer_frame(layout, tasks, task) : 0;
		int number = frame ? suspended_frames(layout, frame, added) : 0;

		if (!number)
			break;
		count = insert(frames, count, room, place, added, number);
		place = place + number < room ? place + number : -1;
	}
	return count;
}
