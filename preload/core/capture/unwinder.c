// SPDX-License-Identifier: MIT
/*
 * See unwinder.h. Before each step this file looks the frame's unwind data up, and lets libunwind
 * step only if there is some. For frames without, libunwind guesses (a validating read, a frame
 * chain without bounds), and such guesses can't be logged.
 *
 * As in perf(1), find_proc_info uses UNW_INFO_FORMAT_REMOTE_TABLE over .eh_frame_hdr. libunwind
 * exports dwarf_search_unwind_table, but none of its headers declares it.
 */
#include "unwinder.h"

#include <dlfcn.h>
#include <string.h>

#include <libunwind.h>

#include "preload/arch/machine.h"
#include "preload/core/base/first_version.h"
#include "unwinder_abi.h"
#include "unwinder_library.h"

FIRST_VERSION(dlsym);

#define STRING  UNWINDER_LIBRARY_STRING
#define VERSION STRING(UNW_VERSION_MAJOR) "." STRING(UNW_VERSION_MINOR)

int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t *,
				       unw_proc_info_t *, int, void *);

/* libunwind's functions under the names that its macros give them for this architecture. */
#define FUNCTION(name) static __typeof__(&name) call_##name
FUNCTION(unw_create_addr_space);
FUNCTION(unw_init_remote);
FUNCTION(unw_step);
FUNCTION(unw_get_reg);
FUNCTION(unw_is_signal_frame);
static __typeof__(&UNW_OBJ(dwarf_search_unwind_table)) call_search;

enum {
	FP_FRAME_MAX = 1 << 20, /* a value further away than this isn't a frame pointer */
	FIRST_CODE = 4096,      /* no code lies below this: the outermost frame returns to 0 */
};

static unw_addr_space_t space;
static bool usable;
static bool has_load_offset; /* unw_dyn_info_t, in the library that is loaded */
static const char *name = "no libunwind: not loaded yet";

/* Data of the accessors, besides the walk. */
struct state {
	struct walk *walk;
	struct registers at; /* the registers that libunwind last started from */
	bool at_start;       /* these are the walk's first, so that their fp is a read */
	bool failed;         /* a read that libunwind needed failed, or could not be logged */
	bool searching;      /* libunwind reads an object's tables, not the stack: access_mem */
	struct object object;
};

/* Logs a read that the walk depended on. A read outside the stack above sp (on another stack, if a
 * signal handler runs on an alternate one) can't be repeated relative to sp. Such a walk is not
 * kept. */
static void log_read(struct walk *walk, uintptr_t address, uintptr_t value, uint8_t flags)
{
	uintptr_t sp = walk->registers.sp;

	for (uint32_t i = walk->read_count; i-- > 0;)
		if (walk->reads[i].address == address)
			return;
	if (walk->read_count == WALK_READS ||
	    (!(flags & READ_FP) && (address < sp || address - sp > INT32_MAX))) {
		walk->repeatable = false;
		return;
	}
	if (value >= sp && value - sp <= INT32_MAX)
		flags |= READ_RELATIVE;
	walk->reads[walk->read_count++] =
		(struct logged_read){.address = address, .value = value, .flags = flags};
}

/* A return address must be kept as it is, although it may look like an address on the stack:
 * libraries may lie just above a thread's stack. */
static void log_is_code(struct walk *walk, uintptr_t pc)
{
	for (uint32_t i = walk->read_count; i-- > 0;)
		if (walk->reads[i].value == pc)
			walk->reads[i].flags &= ~READ_RELATIVE;
}

static bool is_constant(const struct object *object, uintptr_t address)
{
	for (unsigned int i = 0; i < object->constants; i++)
		if (address >= object->constant[i].start && address < object->constant[i].end)
			return true;
	return false;
}

static bool in_object(const struct object *object, uintptr_t address)
{
	return address >= object->start && address < object->end;
}

static int access_mem(unw_addr_space_t as, unw_word_t address, unw_word_t *value, int write,
		      void *arg)
{
	struct state *state = arg;
	uintptr_t word;

	(void)as;
	if (write || !state->walk->memory->read(state->walk->memory, address, &word)) {
		state->failed = true;
		return -UNW_EINVAL;
	}
	/* A search finds an entry's personality routine through a word of the object's data. That
	 * word stays the same wherever sp is, so it is not logged: relative to sp, the next thread
	 * would look for it elsewhere. No other word of an object's data belongs to a stack, unless
	 * sp lies there itself. Its meaning is unknown, so the walk is not kept. */
	if (!state->searching && !is_constant(&state->object, address)) {
		if (in_object(&state->object, address) &&
		    !in_object(&state->object, state->walk->registers.sp))
			state->walk->repeatable = false;
		else
			log_read(state->walk, address, word, 0);
	}
	*value = word;
	return 0;
}

static int access_reg(unw_addr_space_t as, unw_regnum_t reg, unw_word_t *value, int write,
		      void *arg)
{
	struct state *state = arg;

	(void)as;
	if (write)
		return -UNW_EREADONLYREG;
	if (reg == UNW_REG_IP) {
		/* One less is inside the call instruction. So the lookup lands there, with or
		 * without libunwind's own step back, even if the call is a function's last
		 * instruction. */
		*value = state->at.pc - 1;
	} else if (reg == UNW_REG_SP) {
		*value = state->at.sp;
	} else if (reg == MACHINE_UNWIND_FP) {
		*value = state->at.fp;
		if (state->at_start)
			log_read(state->walk, 0, state->at.fp, READ_FP);
	} else {
		state->failed = true;
		return -UNW_EBADREG;
	}
	return 0;
}

static int access_fpreg(unw_addr_space_t as, unw_regnum_t reg, unw_fpreg_t *value, int write,
			void *arg)
{
	(void)as, (void)reg, (void)value, (void)write, (void)arg;
	return -UNW_EBADREG;
}

static void put_unwind_info(unw_addr_space_t as, unw_proc_info_t *info, void *arg)
{
	(void)as, (void)info, (void)arg;
}

static int get_dyn_info_list_addr(unw_addr_space_t as, unw_word_t *address, void *arg)
{
	(void)as, (void)address, (void)arg;
	return -UNW_ENOINFO;
}

static int resume(unw_addr_space_t as, unw_cursor_t *cursor, void *arg)
{
	(void)as, (void)cursor, (void)arg;
	return -UNW_EINVAL;
}

/* Looks the unwind data of ip up in its object's .eh_frame_hdr (Linux Standard Base, 10.6.2). Only
 * the form that all linkers write is supported, because its table can be searched. */
static bool search(struct state *state, uintptr_t ip, int need_unwind_info, unw_proc_info_t *info)
{
	struct memory *memory = state->walk->memory;
	uintptr_t head, count;

	if (ip < state->object.start || ip >= state->object.end)
		if (!memory->find(memory, ip, &state->object))
			return false;
	uintptr_t table = state->object.unwind_table;
	if (!table || table % 4)
		return false;
	/* The table is aligned to 4 bytes; words are read aligned to 8. */
	if (!memory->read(memory, table & ~(uintptr_t)7, &head) ||
	    !memory->read(memory, (table + 8) & ~(uintptr_t)7, &count))
		return false;
	uint32_t encodings = (uint32_t)(head >> (table % 8 * 8));
	uint32_t entries = (uint32_t)(count >> (table % 8 * 8));
	/* version 1, pointer pcrel|sdata4, count udata4, table datarel|sdata4 */
	if (encodings != 0x3b031b01 || !entries)
		return false;

	unw_word_t unwind[DYN_INFO_WORDS];
	uintptr_t base = state->object.unwind_base ? state->object.unwind_base : table;

	dyn_info_fill(unwind, has_load_offset, state->object.start, state->object.end, base,
		      entries, table + 12);
	state->searching = true;
	int result =
		call_search(space, ip, (unw_dyn_info_t *)unwind, info, need_unwind_info, state);
	state->searching = false;
	return result == 0;
}

static int find_proc_info(unw_addr_space_t as, unw_word_t ip, unw_proc_info_t *info,
			  int need_unwind_info, void *arg)
{
	(void)as;
	return search(arg, ip, need_unwind_info, info) ? 0 : -UNW_ENOINFO;
}

/* Finds out which layout this libunwind reads, by looking up the unwind data of this code. With the
 * other layout it takes a number for the table's address; that read fails, as local_memory checks
 * it. */
static bool find_layout(struct state *state)
{
	unw_proc_info_t info;
	uintptr_t here = (uintptr_t)find_layout;

	for (int layout = 1; layout >= 0; layout--) {
		has_load_offset = layout;
		if (search(state, here, 0, &info) && info.start_ip == here)
			return true;
	}
	return false;
}

bool unwinder_load(const char *folder)
{
	static struct unwinder_accessors accessors = {
		.known =
			{
				.find_proc_info = find_proc_info,
				.put_unwind_info = put_unwind_info,
				.get_dyn_info_list_addr = get_dyn_info_list_addr,
				.access_mem = access_mem,
				.access_reg = access_reg,
				.access_fpreg = access_fpreg,
				.resume = resume,
			},
	};
	void *library = unwinder_library_open(folder);

	if (!library) {
		name = "no libunwind: " UNWINDER_LIBRARY " can't be loaded";
		return false;
	}
#define LOOK_UP(target, function) ((target) = (__typeof__(target))dlsym(library, STRING(function)))
	if (!LOOK_UP(call_unw_create_addr_space, unw_create_addr_space) ||
	    !LOOK_UP(call_unw_init_remote, unw_init_remote) || !LOOK_UP(call_unw_step, unw_step) ||
	    !LOOK_UP(call_unw_get_reg, unw_get_reg) ||
	    !LOOK_UP(call_unw_is_signal_frame, unw_is_signal_frame) ||
	    !LOOK_UP(call_search, UNW_OBJ(dwarf_search_unwind_table))) {
		name = "no libunwind: " UNWINDER_LIBRARY " lacks a function";
		return false;
	}
	/* No caching, because a cache would be shared state with a lock, and the memo is faster. */
	space = call_unw_create_addr_space(&accessors.known, 0);
	if (!space) {
		name = "no libunwind: it gave no address space";
		return false;
	}
	/* One frame of nothing makes libunwind do its first-use preparations here, not in a
	 * hook. */
	static struct walk none;
	static struct local_memory memory;
	struct state state = {.walk = &none};
	unw_cursor_t cursor;
	local_memory_init(&memory);
	none.memory = &memory.memory;
	call_unw_init_remote(&cursor, space, &state);
	if (!find_layout(&state)) {
		name = "no libunwind: it reads none of our unwind tables";
		return false;
	}
	bool same = has_load_offset == DYN_INFO_HAS_LOAD_OFFSET;
	name = same ? "libunwind " VERSION
		    : (has_load_offset ? "libunwind newer than " VERSION
				       : "libunwind older than " VERSION);
	usable = true;
	return true;
}

const char *unwinder_name(void)
{
	return name;
}

void unwinder_disable(const char *why)
{
	if (usable)
		name = why;
	usable = false;
}

bool unwinder_usable(void)
{
	return usable;
}

/* False: the walk has reached its depth. */
static bool add_frame(struct walk *walk, uintptr_t pc, uintptr_t sp)
{
	if (walk->count == walk->depth) {
		walk->end = STACK_DEEPER;
		return false;
	}
	walk->sps[walk->count] = sp;
	walk->pcs[walk->count++] = pc;
	return true;
}

/* Whether the walk ends at this frame, because the frames from there on are known better. */
static bool ends_at(struct walk *walk, uintptr_t pc)
{
	if (!walk->ends_at || !walk->ends_at(walk->data, pc))
		return false;
	walk->end = STACK_NO_UNWIND;
	return true;
}

/* Goes one frame up by the frame pointer, and adds that frame. False: the walk has ended. */
static bool step_by_fp(struct walk *walk, struct registers *at)
{
	uintptr_t fp = at->fp, next, pc;

	if (fp < at->sp || fp - at->sp > FP_FRAME_MAX || fp % sizeof(fp) ||
	    !walk->memory->read(walk->memory, fp, &next) ||
	    !walk->memory->read(walk->memory, fp + sizeof(fp), &pc)) {
		walk->end = usable ? STACK_NO_UNWIND : STACK_POINTERS_ONLY;
		return false;
	}
	log_read(walk, fp, next, READ_CHECKED);
	log_read(walk, fp + sizeof(fp), pc, READ_CHECKED);
	log_is_code(walk, pc);
	*at = (struct registers){.pc = pc, .sp = fp + 2 * sizeof(fp), .fp = next};
	if (pc > FIRST_CODE)
		return add_frame(walk, pc - 1, at->sp) && !ends_at(walk, pc - 1);
	/* In the outermost frame the caller's frame pointer is 0, too (System V ABI for AMD64,
	 * 3.4.1). If it isn't, the code used the register for something else. */
	if (pc || next)
		walk->end = usable ? STACK_NO_UNWIND : STACK_POINTERS_ONLY;
	return false;
}

/* The same by a rule that the memory knows for the code. False: it knows none, or the walk has
 * ended; in that case ended is set. */
static bool step_by_rule(struct walk *walk, struct registers *at, bool *ended)
{
	struct memory *memory = walk->memory;
	struct leave_rule rule = {0};
	uintptr_t pc, fp = at->fp;

	*ended = false;
	if (!memory->leave || !memory->leave(memory, at->pc, at->sp, at->fp, &rule))
		return false;
	*ended = true;
	if (rule.outermost)
		return false;
	uintptr_t end = (rule.by_fp ? at->fp : at->sp) + (uintptr_t)rule.frame_end;
	if (end <= at->sp || !memory->read(memory, end - sizeof(pc), &pc) ||
	    (rule.saved_fp && !memory->read(memory, end - (uintptr_t)rule.saved_fp, &fp))) {
		walk->end = STACK_NO_UNWIND;
		return false;
	}
	walk->repeatable = false; /* the log doesn't hold what the rule was read from */
	*at = (struct registers){.pc = pc, .sp = end, .fp = fp};
	return pc > FIRST_CODE && add_frame(walk, pc - 1, end);
}

/* Goes one frame up from code without unwind data. */
static bool step_without_data(struct walk *walk, struct registers *at)
{
	bool ended;

	return step_by_rule(walk, at, &ended) || (!ended && step_by_fp(walk, at));
}

/*
 * Goes one frame up. *interrupted: whether the frame's pc is exact, because a signal interrupted it
 * there.
 *
 * The machine decides which frame libunwind calls the signal frame: on x86_64 the one above the
 * trampoline, as soon as a step has led there, on others the trampoline's own.
 */
static int step_up(unw_cursor_t *cursor, bool *interrupted)
{
	bool leaves = call_unw_is_signal_frame(cursor) > 0 && !*interrupted;
	int step = call_unw_step(cursor);

	*interrupted = leaves || (step > 0 && call_unw_is_signal_frame(cursor) > 0);
	return step;
}

/* Walks with libunwind from at as far as there is unwind data. Returns true if it stopped at a
 * frame without any, with that frame's registers in at; false if the walk has ended. */
static bool walk_by_libunwind(struct state *state, struct registers *at)
{
	struct walk *walk = state->walk;
	unw_cursor_t cursor;
	unw_proc_info_t info;
	bool interrupted = false; /* the frame's pc is exact, because a signal came there */
	bool first = true;

	state->at = *at;
	if (call_unw_init_remote(&cursor, space, state) < 0) {
		walk->end = STACK_NO_UNWIND;
		return false;
	}
	for (;;) {
		unw_word_t pc = at->pc, sp = at->sp, fp, up;
		uintptr_t call;

		if (!first && (call_unw_get_reg(&cursor, UNW_REG_IP, &pc) < 0 ||
			       call_unw_get_reg(&cursor, UNW_REG_SP, &sp) < 0)) {
			walk->end = STACK_NO_UNWIND;
			return false;
		}
		if (pc <= FIRST_CODE)
			return false;
		log_is_code(walk, pc);
		call = interrupted ? pc : pc - 1;
		/* A frame that a frame pointer led to has been added already. */
		if ((!first || walk->count == 0) && !add_frame(walk, call, sp))
			return false;
		if (!search(state, call, 0, &info)) {
			if (ends_at(walk, call))
				return false;
			/* The saved fp is read, and so logged, only now that it is needed. */
			if (!first && call_unw_get_reg(&cursor, MACHINE_UNWIND_FP, &fp) < 0) {
				walk->end = STACK_NO_UNWIND;
				return false;
			}
			if (!first)
				*at = (struct registers){.pc = pc, .sp = sp, .fp = fp};
			else if (state->at_start)
				log_read(walk, 0, at->fp, READ_FP);
			return true;
		}
		first = false;
		state->failed = false;
		int step = step_up(&cursor, &interrupted);
		if (step == 0)
			return false;
		if (step < 0 || state->failed) {
			walk->end = STACK_NO_UNWIND;
			return false;
		}
		/* If the stack doesn't get shorter, the walk would never end. */
		if (call_unw_get_reg(&cursor, UNW_REG_SP, &up) < 0 || (up <= sp && !interrupted)) {
			walk->end = STACK_NO_UNWIND;
			return false;
		}
	}
}

void unwinder_walk(struct walk *walk)
{
	struct state state = {.walk = walk, .at_start = true};
	struct registers at = walk->registers;

	walk->count = 0;
	walk->read_count = 0;
	walk->repeatable = true;
	walk->end = usable ? STACK_COMPLETE : STACK_POINTERS_ONLY;
	if (walk->depth > STACK_DEPTH_MAX)
		walk->depth = STACK_DEPTH_MAX;
	if (!usable) {
		log_read(walk, 0, at.fp, READ_FP);
		add_frame(walk, at.pc - 1, at.sp);
		while (step_by_fp(walk, &at))
			;
		return;
	}
	/* Generated code, and assembly without unwind data, take frame pointers, one frame at a
	 * time. */
	while (walk_by_libunwind(&state, &at) && step_without_data(walk, &at))
		state.at_start = false;
}
