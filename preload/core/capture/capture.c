// SPDX-License-Identifier: MIT
/* See capture.h. */
#include "capture.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "preload/arch/machine.h"
#include "preload/core/base/find_object.h"
#include "preload/core/base/first_version.h"
#include "preload/core/base/line.h"
#include "preload/core/base/raw_syscall.h"
#include "proven_memory.h"

FIRST_VERSION(dladdr);

enum {
	LOCK_YIELDS = 64,
	/* Numbers of sleeps, of 100 us each and the time that the kernel adds. A walk waits for
	 * nothing and takes 0.1 ms of processor time, so its end is waited for as long as a thread
	 * may have to wait for a processor. A fork waits for other locks (malloc's), and the
	 * holders of those may be waiting here. */
	LOCK_NAPS_WALK = 20 * 1000,
	LOCK_NAPS_FORK = 2000,
	LOCK_NAP_NS = 100 * 1000,
	LOCK_WHY = 3, /* these bits of the lock's word are an enum capture_lock, the rest is the
		       * holder's ticket */
	LOCK_TICKET = 4,
};

_Static_assert((int)CAPTURE_FORKING <= LOCK_WHY && LOCK_TICKET == LOCK_WHY + 1,
	       "the lock's word: why it is held below the ticket");

/* One walk runs at a time, under the lock. It has a stack of its own, because a hook runs on the
 * program's current stack, which may be a signal handler's 8 KiB, and libunwind alone needs
 * more. */
enum { WALK_STACK = 64 * 1024 };
static struct walk walk;
static struct local_memory memory;
static char walk_stack[WALK_STACK] __attribute__((aligned(64)));
_Static_assert(WALK_STACK % 16 == 0, "its end is a stack pointer: call_on_stack");

/* Number of sleeps to wait for the lock's holder, held being the lock's word. If an earlier wait
 * for this holder failed (it may be stopped in a debugger), wait less. */
static int patience(const struct capture *capture, uint32_t held)
{
	return (held & LOCK_WHY) == CAPTURE_FORKING || held == atomic_load(&capture->given_up)
		       ? LOCK_NAPS_FORK
		       : LOCK_NAPS_WALK;
}

static bool lock(struct capture *capture, enum capture_lock why, struct capture_hold *hold)
{
	const uint64_t all = UINT64_MAX;

	hold->ticket = (atomic_fetch_add(&capture->tickets, LOCK_TICKET) + LOCK_TICKET) | why;
	RAW(rt_sigprocmask, SIG_SETMASK, &all, &hold->mask, sizeof(all));
	for (int tries = 0;; tries++) {
		uint32_t held = CAPTURE_FREE;

		if (atomic_compare_exchange_strong(&capture->lock, &held, hold->ticket))
			return true;
		if (tries < LOCK_YIELDS) {
			RAW(sched_yield);
		} else if (tries < LOCK_YIELDS + patience(capture, held)) {
			RAW(nanosleep, &((struct timespec){.tv_nsec = LOCK_NAP_NS}), NULL);
		} else if (why == CAPTURE_WALKING && (held & LOCK_WHY) == CAPTURE_FORKING) {
			/* The fork holds the lock only so that no walk is copied half done, and the
			 * child can repair one. */
			if (atomic_compare_exchange_strong(&capture->lock, &held, hold->ticket))
				return true;
		} else {
			atomic_store(&capture->given_up, held);
			break;
		}
	}
	RAW(rt_sigprocmask, SIG_SETMASK, &hold->mask, NULL, sizeof(hold->mask));
	hold->ticket = CAPTURE_FREE;
	return false;
}

/* Another thread may have taken the lock away from a fork. */
static void unlock(struct capture *capture, const struct capture_hold *hold)
{
	uint32_t held = hold->ticket;

	atomic_compare_exchange_strong(&capture->lock, &held, CAPTURE_FREE);
	RAW(rt_sigprocmask, SIG_SETMASK, &hold->mask, NULL, sizeof(hold->mask));
}

bool capture_init(struct capture *capture, struct ledger *ledger, uint32_t depth,
		  const char *main_path)
{
	memset(capture, 0, sizeof(*capture));
	capture->ledger = ledger;
	capture->depth = depth;
	capture->main_path = main_path;
	mixed_init(&capture->mixed, ledger);
	return memo_init(&capture->memo);
}

/* The folder "fdtrail" beside this library: an unpacked archive has libunwind there. If LD_PRELOAD
 * can't have the library's path, it has a link's (tools/run/folder.c). */
static void put_own_folder(struct line *folder)
{
	Dl_info info = {0};
	char target[PATH_MAX];

	if (!dladdr((const void *)capture_load_unwinder, &info) || !info.dli_fname)
		return;
	long length = RAW(readlinkat, AT_FDCWD, info.dli_fname, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	const char *path = *target == '/' ? target : info.dli_fname;
	const char *end = strrchr(path, '/');
	if (!end)
		return;
	line_bytes(folder, path, (size_t)(end + 1 - path));
	line_add(folder, "fdtrail");
}

void capture_load_unwinder(struct capture *capture)
{
	struct capture_hold hold;
	LINE(folder, PATH_MAX);

	find_object_start();
	put_own_folder(&folder);
	unwinder_load(folder.text);
	/* libunwind knows better than what the memo has learned from frame pointers alone. */
	if (lock(capture, CAPTURE_WALKING, &hold)) {
		memo_forget(&capture->memo);
		capture->loaded = true;
		unlock(capture, &hold);
	}
}

void capture_languages(struct capture *capture, const struct interpreter *const *list)
{
	struct capture_hold hold;

	if (lock(capture, CAPTURE_WALKING, &hold)) {
		mixed_start(&capture->mixed, list);
		unlock(capture, &hold);
	}
}

void capture_prepare_languages(struct capture *capture)
{
	mixed_prepare(&capture->mixed, capture);
}

frame_t capture_frame(struct module_table *modules, struct memory *memory, const char *main_path,
		      struct object *object, uintptr_t pc)
{
	uint32_t id;

	if ((pc < object->start || pc >= object->end) && !memory->find(memory, pc, object)) {
		object->start = object->end = 0;
		return FRAME_MAKE(MODULE_NONE, pc);
	}
	id = module_table_add(modules, object->is_main ? main_path : object->path, object->build_id,
			      object->build_id_size, object->bias, object->start, object->end);
	if (id == MODULE_NONE)
		return FRAME_MAKE(MODULE_NONE, pc);
	struct module *module = &modules->modules[id];
	module->is_main = object->is_main;
	module->has_file = strchr(module->path, '/') != NULL;
	return FRAME_MAKE(id, pc - object->bias);
}

/* Marks modules that are no longer mapped where they were. True if there are any. */
static bool note_unloaded(struct capture *capture)
{
	struct module_table *modules = &capture->ledger->modules;
	uint32_t count = atomic_load(&modules->count);
	bool any = false;

	for (uint32_t id = 1; id <= count; id++) {
		struct module *module = &modules->modules[id];
		struct object object;
		uintptr_t start = atomic_load(&module->start);

		if (atomic_load(&module->unloaded))
			continue;
		if (!memory.memory.find(&memory.memory, start, &object) || object.start != start ||
		    object.build_id_size != module->build_id_size ||
		    memcmp(object.build_id, module->build_id, object.build_id_size) != 0) {
			atomic_store(&module->unloaded, true);
			any = true;
		}
	}
	return any;
}

/* Whether a stack leads through code that is gone, or may be. */
static bool is_gone(void *data, uint32_t stack)
{
	const struct capture *capture = data;
	struct stack_view view;

	if (stack < STACK_FIRST || !stack_table_view(&capture->ledger->stacks, stack, &view))
		return true;
	for (uint32_t i = 0; i < view.depth; i++) {
		uint32_t id = FRAME_MODULE(view.frames[i]);

		if (id == FRAME_MODULE_LANGUAGE)
			continue;
		const struct module *module = module_table_get(&capture->ledger->modules, id);

		if (!module || atomic_load(&module->unloaded))
			return true;
	}
	return false;
}

/* Finds out which modules are gone, for `closers` threads that have closed libraries. */
static void look_what_is_gone(struct capture *capture, uint32_t closers)
{
	local_memory_init(&memory);
	memory.closing = true;
	local_memory_restart();
	proven_forget();
	if (note_unloaded(capture)) {
		memo_forget_stacks(&capture->memo, is_gone, capture);
		mixed_look_again(&capture->mixed);
	}
	atomic_fetch_sub(&capture->closers, closers);
}

struct cold {
	struct capture *capture;
	const struct registers *registers;
	struct captured captured;
};

static void walk_and_keep(void *data)
{
	struct cold *cold = data;
	struct capture *capture = cold->capture;
	frame_t frames[STACK_DEPTH_MAX];
	struct object object = {0};
	uint32_t count = 0;
	uint32_t unlooked = atomic_exchange(&capture->unlooked, 0);

	if (unlooked)
		look_what_is_gone(capture, unlooked);
	uint32_t closers = atomic_load(&capture->closers);
	local_memory_init(&memory);
	memory.closing = closers;
	walk.memory = &memory.memory;
	walk.registers = *cold->registers;
	walk.depth = capture->depth;
	walk.ends_at = mixed_ends_walk;
	walk.data = &capture->mixed;
	unwinder_walk(&walk);
	/* Frames of fdtrail can lie between frames of the program: above a handler that ours has
	 * called, or a destructor that dlclose runs. They are left out. */
	for (uint32_t i = 0; i < walk.count; i++) {
		uintptr_t pc = walk.pcs[i], sp = walk.sps[i];

		if (pc >= capture->own_start && pc < capture->own_end)
			continue;
		walk.pcs[count] = pc;
		walk.sps[count] = sp;
		frames[count++] = capture_frame(&capture->ledger->modules, &memory.memory,
						capture->main_path, &object, pc);
	}
	walk.count = count;
	if (!capture->loaded && walk.end == STACK_POINTERS_ONLY)
		walk.end = STACK_EARLY;
	struct stack_table *stacks = &capture->ledger->stacks;
	uint32_t stack = stack_table_intern(stacks, frames, count, walk.end);
	cold->captured = (struct captured){stack, stack_table_figures(stacks, stack)};
	/* If a library is being closed, the stack is not kept, because the library may be gone
	 * before the next check. */
	if (!closers) {
		struct memo_run *run = memo_keep(&capture->memo, &walk, cold->captured);

		/* Nor is an interpreter asked that may be in the library. */
		if (mixed_search(&capture->mixed)) {
			memo_forget(&capture->memo);
			run = NULL;
		}
		cold->captured = mixed_make(&capture->mixed, &walk, frames, cold->captured,
					    run ? &run->words : NULL);
	}
}

struct captured capture_cold(struct capture *capture, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
	struct registers registers = {.pc = pc, .sp = sp, .fp = fp};
	struct cold cold = {.capture = capture, .registers = &registers};
	int saved = errno;
	struct capture_hold hold;

	if (!lock(capture, CAPTURE_WALKING, &hold)) {
		atomic_fetch_add(&capture->ledger->stackless, 1);
		return cold.captured;
	}
	call_on_stack(walk_and_keep, &cold, walk_stack + sizeof(walk_stack));
	unlock(capture, &hold);
	errno = saved;
	return cold.captured;
}

bool capture_before_fork(struct capture *capture, struct capture_hold *hold)
{
	return lock(capture, CAPTURE_FORKING, hold);
}

void capture_after_fork(struct capture *capture, struct capture_hold *hold)
{
	if (!hold->ticket)
		return;
	unlock(capture, hold);
	hold->ticket = CAPTURE_FREE;
}

void capture_forked(struct capture *capture)
{
	bool torn = (atomic_load(&capture->lock) & LOCK_WHY) == CAPTURE_WALKING;

	if (torn)
		unwinder_disable("no libunwind: another thread was using it at fork");
	atomic_store(&capture->closers, 0);
	atomic_store(&capture->unlooked, 0);
	/* V8's heap is not copied into a child (MADV_DONTFORK). */
	proven_forget();
	ledger_forked(capture->ledger, torn);
	if (torn) {
		memo_forget(&capture->memo);
		mixed_memo_forget(&capture->mixed.memo);
	}
	atomic_store(&capture->lock, CAPTURE_FREE);
}

void capture_before_dlclose(struct capture *capture)
{
	atomic_fetch_add(&capture->closers, 1);
}

void capture_after_dlclose(struct capture *capture)
{
	struct capture_hold hold;

	if (lock(capture, CAPTURE_WALKING, &hold)) {
		look_what_is_gone(capture, 1);
		unlock(capture, &hold);
	} else {
		/* The next walk does it. Until then the memo is not used, and each call walks. */
		atomic_fetch_add(&capture->unlooked, 1);
	}
}
