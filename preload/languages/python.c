// SPDX-License-Identifier: MIT
/*
 * Python: CPython 3.8 to 3.14. The thread state comes from PyGILState_GetThisThreadState, because
 * hooks run with the GIL released, when the current one is NULL. That function is a
 * pthread_getspecific with checks. A thread's frames don't change while it is inside a call to the
 * C library, whoever has the GIL.
 */
#include <errno.h>
#include <string.h>

#include "preload/core/base/line.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "end_call.h"
#include "languages.h"
#include "python_executors.h"
#include "python_internal.h"
#include "python_tasks.h"

static struct python_layout layout;
static struct python_tasks tasks;
static _Atomic bool has_tasks; /* tasks is filled in */
static uintptr_t (*this_thread)(void);
static uintptr_t runtime_state, code_type;
static const char *runtime_module; /* the loader's name of the file with the interpreter */
static struct loaded_symbol loop, run_main, finalize;
static struct end_call end_call; /* Py_RunMain's call of Py_FinalizeEx */

static bool find(const char *name, uintptr_t *address)
{
	struct loaded_symbol symbol;

	if (!loaded_symbol_find(name, &symbol))
		return false;
	*address = symbol.address;
	return true;
}

/* The minor number of a Python 3 that doesn't have Py_Version (3.11 on), by functions that came
 * with each version; 0: older than those. Py_GetVersion is not called, because it is the program's
 * code. */
static unsigned int old_minor(void)
{
	uintptr_t there;

	return find("PyModule_AddObjectRef", &there)       ? 10
	       : find("PyFrame_GetBack", &there)           ? 9
	       : find("PyCode_NewWithPosOnlyArgs", &there) ? 8
							   : 0;
}

static void put_version(struct detection *detection, unsigned int major, unsigned int minor,
			int patch)
{
	LINE(line, LINE_SHORT);

	line_number(&line, major);
	line_add(&line, ".");
	line_number(&line, minor);
	if (patch >= 0) {
		line_add(&line, ".");
		line_number(&line, (unsigned int)patch);
	}
	size_t size = sizeof(detection->version);
	memcpy(detection->version, line.text, strnlen(line.text, size - 1) + 1);
	detection->version[size - 1] = '\0';
}

static enum detected detect_version(struct detection *detection)
{
	uintptr_t at, hex = 0;
	const struct python_layout *known;

	if (find("Py_Version", &at)) {
		if (!proven_word(at, &hex))
			return DETECTED_NOT;
		unsigned int major = hex >> 24 & 0xff, minor = hex >> 16 & 0xff;

		put_version(detection, major, minor, (int)(hex >> 8 & 0xff));
		if (major == 3 && minor >= 13)
			return python_layout_read(runtime_state, &layout, &detection->trouble)
				       ? DETECTED
				       : DETECTED_UNKNOWN;
		known = python_layout_of(major, minor);
	} else {
		unsigned int minor = old_minor();

		if (minor)
			put_version(detection, 3, minor, -1);
		known = python_layout_of(3, minor);
	}
	detection->trouble = "fdtrail knows the frames of Python 3.8 to 3.14";
	if (!known)
		return DETECTED_UNKNOWN;
	layout = *known;
	return DETECTED;
}

static enum detected detect(struct detection *detection)
{
	struct loaded_symbol pypy, state;
	uintptr_t thread = 0, there;

	if (loaded_symbol_find("pypy_execute_source", &pypy)) {
		detection->trouble = "this is PyPy, whose frames fdtrail can't read";
		return DETECTED_UNKNOWN;
	}
	if (!find("PyEval_EvalFrameEx", &there))
		return DETECTED_NOT;
	detection->trouble = "fdtrail knows the frames of Python 3.8 to 3.14";
	if (!loaded_symbol_find("_PyRuntime", &state))
		return DETECTED_UNKNOWN;
	runtime_state = state.address;
	runtime_module = state.module;
	if (!find("PyGILState_GetThisThreadState", &thread) || !find("PyCode_Type", &code_type)) {
		detection->trouble = "its library doesn't export what fdtrail needs";
		return DETECTED_UNKNOWN;
	}
	/* Without them less is known, so the answers don't matter. */
	loaded_symbol_find("_PyEval_EvalFrameDefault", &loop);
	loaded_symbol_find("Py_RunMain", &run_main);
	end_call_find("Py_FinalizeEx", &finalize);
	this_thread = (uintptr_t(*)(void))thread;
	return detect_version(detection);
}

static void loaded(struct capture *capture)
{
	struct loaded_symbol symbol;

	python_executors_look(capture, &layout, this_thread);
	if (layout.interpreter_size && !atomic_load(&has_tasks) &&
	    loaded_symbol_find("PyInit__asyncio", &symbol) &&
	    python_tasks_find(&layout, symbol.address, &tasks))
		atomic_store(&has_tasks, true);
}

static bool knows_tasks(void)
{
	return __builtin_expect(atomic_load_explicit(&has_tasks, memory_order_acquire), 0);
}

static int frames(const struct registers *from, struct language_frame *into, int room)
{
	uintptr_t thread = this_thread();

	(void)from;
	int count = thread ? python_walk(&layout, thread, into, room) : 0;

	return count && knows_tasks() ? python_tasks_add(&layout, &tasks, thread, into, count, room)
				      : count;
}

static bool matches(const struct registers *from, const struct language_frame *expected, int count)
{
	uintptr_t thread = this_thread();

	(void)from;
	/* A walk finds the frames of awaiting tasks; comparing them would be no faster. */
	return thread && !(knows_tasks() && python_tasks_awaited(&tasks, thread)) &&
	       python_matches(&layout, thread, expected, count);
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	return python_name(&layout, code_type, frame, name);
}

static bool is_loop(uintptr_t pc)
{
	return loaded_symbol_covers(&loop, pc);
}

/* Extension modules are libraries if they are the standard library's or installed ones. */
static bool is_library(const char *module)
{
	/* With a shared libpython the command is little more than a call of it. */
	if (!*module && strncmp(program_invocation_short_name, "python", 6) == 0)
		return true;
	return strcmp(module, runtime_module) == 0 || strstr(module, "/lib-dynload/") ||
	       strstr(module, "/site-packages/") || strstr(module, "/dist-packages/");
}

/*
 * The shutdown has two parts. From the second on, which destroys modules, the runtime says so. In
 * the first part handlers of Python's atexit run, such as logging's, which closes its files. That
 * part shows on the main thread's stack only: Py_RunMain has called Py_FinalizeEx. So a walk notes
 * where the return address into Py_RunMain lies.
 */
static void walked(const uintptr_t *pcs, const uintptr_t *sps, uint32_t count)
{
	for (uint32_t i = 1; i < count && !end_call.at; i++)
		if (loaded_symbol_covers(&run_main, pcs[i]))
			end_call.at = sps[i] - sizeof(uintptr_t);
}

static bool is_finishing(void)
{
	uintptr_t finishing;

	memcpy(&finishing, (const void *)(runtime_state + layout.runtime_finalizing),
	       sizeof(finishing));
	return finishing != 0 || end_call_runs(&end_call, &finalize);
}

const struct interpreter python = {
	.name = "python",
	.detect = detect,
	.loaded = loaded,
	.frames = frames,
	.matches = matches,
	.describe = describe,
	.is_loop = is_loop,
	.is_library = is_library,
	.walked = walked,
	.is_finishing = is_finishing,
};
