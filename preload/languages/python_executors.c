// SPDX-License-Identifier: MIT
/*
 * See python_executors.h. ThreadPoolExecutor.submit puts a work item into a SimpleQueue, a type of
 * the C module _queue, and a worker gets it from there. The stack of that put is kept for the item;
 * from the get on it has asked for what the thread does, until the next get.
 *
 * The type's methods are called through a table in the module's data (PyMethodDef, in Python's
 * Include/methodobject.h), so a pointer in it is enough to take one over. The table has no symbol:
 * it is found by the names in it. The functions have up to five arguments, all of them words; which
 * ones is told by the flags beside the pointer.
 */
#include "python_executors.h"

#include <string.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "asked.h"
#include "module_data.h"
#include "python_internal.h"

/* PyMethodDef. */
struct method {
	const char *name;
	_Atomic uintptr_t function;
	int flags;
	const char *help;
};

enum {
	METHOD_NONE = 0x4, /* METH_NOARGS */
	METHOD_FAST =
		0x82, /* METH_FASTCALL | METH_KEYWORDS: self, arguments, their number, names */
	METHOD_CLASS = 0x200, /* METH_METHOD: there is a class after self */
};

typedef void *queue_function(void *self, void *a, void *b, void *c, void *d);
static queue_function *put_original, *get_original, *get_nowait_original;
static struct capture *capture;
static const struct python_layout *layout;
static uintptr_t (*this_thread)(void);
static struct asked *items;
static _Atomic bool submitted; /* anything, so that a program without executors pays less */

/* Whether this code is ThreadPoolExecutor.submit, which calls put; 3.10 and older have no qualified
 * names. */
static bool is_submit(uintptr_t code)
{
	static const char file_end[] = "/concurrent/futures/thread.py";
	static _Atomic uintptr_t submit, other;
	char text[256];
	uintptr_t name, file;

	if (code == atomic_load_explicit(&submit, memory_order_relaxed))
		return true;
	if (code == atomic_load_explicit(&other, memory_order_relaxed))
		return false;
	if (proven_word(code + layout->code_name, &name) &&
	    python_text(layout, name, text, sizeof(text)) && strcmp(text, "submit") == 0 &&
	    proven_word(code + layout->code_file, &file) &&
	    python_text(layout, file, text, sizeof(text))) {
		size_t length = strlen(text), end = sizeof(file_end) - 1;

		if (length >= end && strcmp(text + length - end, file_end) == 0) {
			atomic_store(&submit, code);
			return true;
		}
	}
	atomic_store(&other, code);
	return false;
}

static void *put(void *self, void *a, void *b, void *c, void *d)
{
	struct language_frame caller;
	uintptr_t thread = this_thread();

	if (a && (uintptr_t)b >= 1 && thread && python_walk(layout, thread, &caller, 1) == 1 &&
	    is_submit(caller.code)) {
		asked_keep(items, *(void *const *)a,
			   asked_caller(capture, __builtin_frame_address(0)));
		atomic_store(&submitted, true);
	}
	return put_original(self, a, b, c, d);
}

/* The thread has got an item; NULL: it has got an exception. */
static void *got(void *item)
{
	if (!atomic_load_explicit(&submitted, memory_order_relaxed))
		return item;
	uint32_t stack = item ? asked_find(items, item) : STACK_NONE;
	if (stack != STACK_NONE)
		asked_keep(items, item, STACK_NONE);
	if (stack != STACK_NONE || !(capture_asked & ASKED_BY_PROGRAM))
		capture_asked = stack;
	return item;
}

static void *get(void *self, void *a, void *b, void *c, void *d)
{
	return got(get_original(self, a, b, c, d));
}

static void *get_nowait(void *self, void *a, void *b, void *c, void *d)
{
	return got(get_nowait_original(self, a, b, c, d));
}

/* The module's data, and its methods. */
struct methods {
	struct module_data module; /* first, so that its address is this one's */
	struct method *put, *get, *get_nowait;
};

static void look_at(struct module_data *module, uintptr_t place)
{
	struct methods *methods = (struct methods *)module;
	struct method *method = (struct method *)place;
	/* The longest name is get_nowait. */
	char name[sizeof("get_nowait")] = "";

	if (!module_data_has(module, (uintptr_t)method->name) ||
	    !module_data_has(module, atomic_load(&method->function)) ||
	    !proven_copy(name, (uintptr_t)method->name, sizeof(name)))
		return;
	int plain = method->flags & ~METHOD_CLASS;

	if (strncmp(name, "put", sizeof("put")) == 0 && method->flags == METHOD_FAST)
		methods->put = method;
	else if (strncmp(name, "get", sizeof("get")) == 0 && plain == METHOD_FAST)
		methods->get = method;
	else if (strncmp(name, "get_nowait", sizeof(name)) == 0 &&
		 (plain == METHOD_FAST || plain == METHOD_NONE))
		methods->get_nowait = method;
}

static void take(struct method *method, queue_function *ours, queue_function **original)
{
	*original = (queue_function *)atomic_load(&method->function);
	atomic_store(&method->function, (uintptr_t)ours);
}

void python_executors_look(struct capture *from, const struct python_layout *known,
			   uintptr_t (*thread)(void))
{
	struct loaded_symbol symbol;
	struct methods methods = {.module = {.size = sizeof(struct method), .look = look_at}};

	if (items || !loaded_symbol_find("PyInit__queue", &symbol))
		return;
	methods.module.symbol = symbol.address;
	module_data_search(&methods.module);
	if (!methods.put || !methods.get || !methods.get_nowait)
		return;
	capture = from;
	layout = known;
	this_thread = thread;
	items = memory_map(sizeof(*items));
	if (!items)
		return;
	take(methods.put, put, &put_original);
	take(methods.get, get, &get_original);
	take(methods.get_nowait, get_nowait, &get_nowait_original);
}
