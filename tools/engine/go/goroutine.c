// SPDX-License-Identifier: MIT
/*
 * Reads goroutines in another process' memory: struct g and struct m of src/runtime/runtime2.go.
 * Their first fields are the same in Go 1.16 to 1.27 (the compiler and assembly rely on them). The
 * offsets of later fields differ, so they are found by searching memory for values that fit, and
 * checked at every use.
 */
#include "go_layout.h"

#include "preload/arch/registers.h"

enum {
	/* struct g */
	G_STACK_LOW = 0,
	G_STACK_HIGH = 8,
	G_THREAD = 48,
	G_SCHED_SP = 56,
	G_SCHED_PC = 64,
	G_SCHED_G = 72,
	G_CREATOR_FIRST = 200, /* offsets of gopc, which ancestors and startpc follow */
	G_CREATOR_LAST = 400,
	/* struct m: curg comes after g0, morebuf (which may name former goroutines), gsignal and
	 * tls */
	M_CURRENT_FIRST = 128,
	M_CURRENT_LAST = 512,

	/* Distances below the thread pointer, where the program's own thread-local variables end.
	 * Go has one, which points to the running goroutine: it is the last one, unless C code has
	 * some, too. */
	LOCAL_FIRST = 8,
	LOCAL_LAST = 4096,
	STACK_MAX = 1 << 30,
};

/* Whether a struct g may be at address. Sets *named_by to the goroutine that its sched names. */
static bool looks_like_one(struct memory *memory, uintptr_t address, struct goroutine *goroutine,
			   uintptr_t *named_by)
{
	if (address < 4096 || address % sizeof(address))
		return false;
	goroutine->address = address;
	return go_read(memory, address + G_STACK_LOW, &goroutine->low, 1) &&
	       go_read(memory, address + G_STACK_HIGH, &goroutine->high, 1) &&
	       goroutine->low < goroutine->high && goroutine->high - goroutine->low <= STACK_MAX &&
	       go_read(memory, address + G_SCHED_G, named_by, 1);
}

static bool goroutine_at(struct memory *memory, uintptr_t address, struct goroutine *goroutine)
{
	uintptr_t self;

	return looks_like_one(memory, address, goroutine, &self) && self == address;
}

/* The goroutine's thread (struct m). It changes each time that the goroutine moves to another
 * thread, so read it only where needed: see walk_memo.h. */
static bool thread_of(struct memory *memory, const struct goroutine *goroutine, uintptr_t *thread)
{
	return go_read(memory, goroutine->address + G_THREAD, thread, 1);
}

bool goroutine_is_system(struct memory *memory, const struct goroutine *goroutine)
{
	uintptr_t thread, system;

	return !thread_of(memory, goroutine, &thread) || !go_read(memory, thread, &system, 1) ||
	       system == goroutine->address;
}

static bool on_stack(const struct goroutine *goroutine, uintptr_t sp)
{
	return sp >= goroutine->low && sp < goroutine->high;
}

static bool is_running(struct memory *memory, uintptr_t address, uintptr_t sp,
		       struct goroutine *goroutine)
{
	uintptr_t self;

	/* If Go has not started the thread, the g0's sched names no goroutine. */
	return looks_like_one(memory, address, goroutine, &self) &&
	       (self == address || self == 0) && on_stack(goroutine, sp);
}

bool goroutine_running(struct go_program *program, struct memory *memory,
		       const struct user_regs_struct *registers, struct goroutine *goroutine)
{
	uintptr_t from = program->local ? program->local : LOCAL_FIRST;
	uintptr_t to = program->local ? program->local : LOCAL_LAST, value;

	/* In Go's own code (ABIInternal) the register holds g; assembly and C may change it. */
	if (is_running(memory, regs_go(registers), regs_sp(registers), goroutine))
		return true;
	if (!regs_tls(registers))
		return false;
	for (uintptr_t at = from;
	     at <= to && memory->read(memory, regs_tls(registers) - at, &value);
	     at += sizeof(value))
		if (is_running(memory, value, regs_sp(registers), goroutine)) {
			program->local = (uint32_t)at;
			return true;
		}
	return false;
}

/* Whether offset at of the struct m at thread holds the goroutine that the thread works for. */
static bool is_current(struct memory *memory, const struct goroutine *system, uintptr_t thread,
		       uint32_t at, struct goroutine *goroutine)
{
	uintptr_t address, own;

	return memory->read(memory, thread + at, &address) && address != system->address &&
	       goroutine_at(memory, address, goroutine) && thread_of(memory, goroutine, &own) &&
	       own == thread && go_read(memory, address + G_SCHED_SP, &goroutine->sp, 1) &&
	       go_read(memory, address + G_SCHED_PC, &goroutine->pc, 1) &&
	       on_stack(goroutine, goroutine->sp);
}

bool goroutine_current(struct go_program *program, struct memory *memory,
		       const struct goroutine *system, struct goroutine *goroutine)
{
	uintptr_t thread;

	if (!thread_of(memory, system, &thread))
		return false;
	if (program->current && is_current(memory, system, thread, program->current, goroutine))
		return true;
	for (uint32_t at = M_CURRENT_FIRST; at < M_CURRENT_LAST; at += sizeof(uintptr_t))
		if (is_current(memory, system, thread, at, goroutine)) {
			program->current = at;
			return true;
		}
	return false;
}

bool goroutine_of_thread(struct memory *memory, const struct goroutine *goroutine,
			 struct goroutine *system)
{
	uintptr_t thread, address;

	return thread_of(memory, goroutine, &thread) && go_read(memory, thread, &address, 1) &&
	       go_read(memory, address + G_SCHED_SP, &system->sp, 1) &&
	       is_running(memory, address, system->sp, system);
}

static bool creator_at(const struct go_program *program, struct memory *memory, uintptr_t address,
		       struct goroutine_creator *creator)
{
	struct pclntab_function function;
	uintptr_t words[3];

	if (!go_read(memory, address, words, 3) || words[1] % sizeof(*words) ||
	    !go_program_function(program, words[2], &function) ||
	    function.entry != words[2] - program->bias ||
	    !go_program_function(program, words[0], &function))
		return false;
	*creator = (struct goroutine_creator){
		.go = words[0], .ancestors = words[1], .start = words[2]};
	return true;
}

bool goroutine_creator(struct go_program *program, struct memory *memory,
		       const struct goroutine *goroutine, struct goroutine_creator *creator)
{
	if (program->creator) {
		uintptr_t place = goroutine->address + program->creator;

		if (creator_at(program, memory, place, creator))
			return true;
		/* It has no creator: it was made for a thread of C's that called Go. */
		*creator = (struct goroutine_creator){0};
		return go_read(memory, place, &creator->go, 1) && creator->go == 0;
	}
	for (uint32_t at = G_CREATOR_FIRST; at < G_CREATOR_LAST; at += sizeof(uintptr_t))
		if (creator_at(program, memory, goroutine->address + at, creator)) {
			program->creator = at;
			return true;
		}
	return false;
}
