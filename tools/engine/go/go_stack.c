// SPDX-License-Identifier: MIT
/*
 * Walks the stack of a stopped thread that runs Go code. Go's compiler notes for every instruction
 * how far the return address is above the stack pointer (pcsp). Go itself unwinds by it, and it is
 * also right in assembly without a frame, which makes the system calls. Frame pointers are not
 * needed.
 *
 * C code (cgo) runs on the thread's own stack, for a goroutine whose stack waits. Its frames are
 * found by their unwind data, and after them the walk goes on where the goroutine called C. If a
 * thread that C has started calls Go, it is the other way around: after Go's frames, on a goroutine
 * of their own, come those of C.
 */
#include "preload/core/capture/unwinder.h"
#include "go_layout.h"

#include "preload/arch/registers.h"

struct go_walk {
	struct go_program *program;
	const struct go_stack_request *request;
	struct go_stack *stack;
	struct goroutine goroutine; /* the one on whose stack sp is */
	bool has_goroutine;
	uintptr_t pc; /* within the call, or a function's first instruction */
	uintptr_t sp;
	uintptr_t fp;           /* frame pointer of the C code that has called Go */
	bool from_c;            /* pc is in C code that has called Go */
	unsigned int callbacks; /* calls of Go by C so far */
};

/* Offset from crosscall2's sp at the call to C's saved frame pointer. It lies after the arguments,
 * with the registers that C functions preserve (runtime/cgo/abi_amd64.h). */
enum { CROSSCALL_FP = 0x18 + 5 * 8 };

/* Adds a frame. False: the stack is full. */
static bool add(struct go_walk *walk, uintptr_t pc)
{
	if (walk->stack->count >= walk->request->depth || walk->stack->count == STACK_DEPTH_MAX) {
		walk->stack->end = STACK_DEEPER;
		return false;
	}
	walk->stack->pcs[walk->stack->count++] = pc;
	return true;
}

/* Goes up to the caller, whose return address is size bytes above sp. */
static bool go_up(struct go_walk *walk, int32_t size)
{
	struct memory *memory = walk->request->memory;
	uintptr_t at = walk->sp + (uint32_t)size, pc;

	if (walk->has_goroutine && (at < walk->goroutine.low || at >= walk->goroutine.high))
		return false;
	if (!memory->read(memory, at, &pc) || pc == 0)
		return false;
	walk->pc = pc - 1;
	walk->sp = at + sizeof(pc);
	return true;
}

/* Goes from the thread's own stack to that of the goroutine that it works for, and up from the
 * function that switched. Go saves the pc of runtime.systemstack_switch in place of that
 * function's, because their frames are alike; since Go 1.24 they hold a frame pointer
 * (gosave_systemstack_switch in src/runtime/asm_amd64.s). */
static bool switch_stack(struct go_walk *walk)
{
	const struct go_frame *left;
	struct goroutine goroutine;

	if (!walk->has_goroutine ||
	    !goroutine_current(walk->program, walk->request->memory, &walk->goroutine, &goroutine))
		return false;
	walk->goroutine = goroutine;
	walk->sp = goroutine.sp;
	left = go_program_frame(walk->program, goroutine.pc);
	return left && go_up(walk, left->size);
}

/* Goes up from runtime.cgocallback to the thread's own stack, from which C called it. If several
 * calls of Go are active, the g0's sp is the innermost one's, and each has saved the sp of the one
 * before it. */
static bool leave_to_thread(struct go_walk *walk, int32_t size)
{
	struct goroutine system;

	if (!walk->has_goroutine ||
	    !goroutine_of_thread(walk->request->memory, &walk->goroutine, &system))
		return false;
	walk->goroutine = system;
	walk->sp = system.sp;
	for (unsigned int i = 1; i < walk->callbacks; i++)
		if (!walk->request->memory->read(walk->request->memory, walk->sp, &walk->sp))
			return false;
	return go_up(walk, size);
}

/* Goes up from runtime.cgocallback, which C has called. Its return address tells where the
 * goroutine called C; the frames of C between are left out. On a thread that C has started, no Go
 * code called C: all callers are C's. */
static bool leave_callback(struct go_walk *walk, int32_t size)
{
	const struct go_frame *left;

	walk->callbacks++;
	if (!go_up(walk, size))
		return false;
	left = go_program_frame(walk->program, walk->pc + 1);
	if (left && left->kind == GO_FRAME_TOP)
		return leave_to_thread(walk, size);
	return left && go_up(walk, left->size);
}

/* Goes up from crosscall2 to C. Since Go 1.21 crosscall2 has a frame pointer of its own, which
 * leads to C's. */
static bool leave_to_c(struct go_walk *walk, int32_t size)
{
	struct memory *memory = walk->request->memory;
	uintptr_t own = walk->sp + (uint32_t)size - sizeof(own);

	walk->from_c = memory->read(memory, walk->sp + CROSSCALL_FP, &walk->fp) &&
		       (walk->fp != own || memory->read(memory, own, &walk->fp)) &&
		       go_up(walk, size);
	return walk->from_c;
}

/* Goes up from a function that has its return address in a register. Only the innermost function
 * can, because no register is known of the others. */
static bool leave_by_register(struct go_walk *walk)
{
	uintptr_t pc = regs_go_vfork_return(walk->request->registers);

	if (walk->stack->count != 1 || !go_program_frame(walk->program, pc - 1))
		return false;
	walk->pc = pc - 1;
	return true;
}

/* Goes up to the caller. False: it can't be found. */
static bool leave(struct go_walk *walk, const struct go_frame *frame)
{
	switch ((enum go_frame_kind)frame->kind) {
	case GO_FRAME_ORDINARY:
		return go_up(walk, frame->size);
	case GO_FRAME_SWITCH:
		return switch_stack(walk);
	case GO_FRAME_CALLBACK:
		return leave_callback(walk, frame->size);
	case GO_FRAME_FROM_C:
		return leave_to_c(walk, frame->size);
	case GO_FRAME_POPPED:
		return leave_by_register(walk);
	case GO_FRAME_TOP:
	case GO_FRAME_UNKNOWN:
		break;
	}
	return false;
}

static struct walk c; /* static because it is large */

/* Walks the frames of C code from these registers on, into c. */
static void find_c_frames(const struct go_walk *walk, uintptr_t pc, uintptr_t sp, uintptr_t fp)
{
	c = (struct walk){
		.memory = walk->request->memory,
		.registers = {.pc = pc, .sp = sp, .fp = fp},
		.depth = walk->request->depth,
	};
	unwinder_walk(&c);
}

/* Adds the C frames that have called Go, on a thread that C has started. */
static void walk_c_callers(struct go_walk *walk)
{
	find_c_frames(walk, walk->pc + 1, walk->sp, walk->fp);
	for (uint32_t i = 0; i < c.count; i++)
		if (!add(walk, c.pcs[i]))
			return;
	walk->stack->end = c.end;
}

static void walk_go(struct go_walk *walk)
{
	struct go_stack *stack = walk->stack;
	const struct go_frame *frame;

	for (;;) {
		frame = go_program_frame(walk->program, walk->pc);
		if (!frame)
			break;
		stack->runtimes = stack->runtimes || frame->runtimes;
		if (frame->leave_out && stack->count)
			return;
		if (!add(walk, walk->pc) || frame->kind == GO_FRAME_TOP)
			return;
		if (!leave(walk, frame))
			break;
		if (walk->from_c) {
			walk_c_callers(walk);
			return;
		}
	}
	stack->end = STACK_NO_UNWIND;
}

/* Walks the frames of C code, up to where Go called it, and then Go's. False: the thread doesn't
 * work for Go now. */
static bool walk_c(struct go_walk *walk)
{
	const struct user_regs_struct *registers = walk->request->registers;

	if (!walk->has_goroutine)
		return false;
	find_c_frames(walk, regs_pc(registers), regs_sp(registers), regs_fp(registers));
	for (uint32_t i = 0; i < c.count; i++) {
		const struct go_frame *frame = go_program_frame(walk->program, c.pcs[i]);

		if (!add(walk, c.pcs[i]))
			return true;
		if (!frame)
			continue;
		/* From here on there may be no unwind data, so use Go's tables. */
		if (frame->kind != GO_FRAME_SWITCH || !switch_stack(walk)) {
			walk->stack->end = STACK_NO_UNWIND;
			return true;
		}
		walk_go(walk);
		return true;
	}
	return false;
}

bool go_stack_take(struct go_program *program, const struct go_stack_request *request,
		   struct go_stack *stack)
{
	const struct user_regs_struct *registers = request->registers;
	struct go_walk walk = {
		.program = program,
		.request = request,
		.stack = stack,
		.pc = regs_pc(registers),
		.sp = regs_sp(registers),
	};
	struct pclntab_function function;

	stack->count = 0;
	stack->end = STACK_COMPLETE;
	stack->runtimes = false;
	walk.has_goroutine =
		goroutine_running(program, request->memory, registers, &walk.goroutine);
	/* pc is after a system call's instruction, which may be the last of its source line, so
	 * step back into it; or it is a function's first instruction. */
	if (go_program_function(program, walk.pc, &function) &&
	    function.entry != walk.pc - program->bias)
		walk.pc--;
	if (go_program_frame(program, walk.pc))
		walk_go(&walk);
	else if (!walk_c(&walk))
		return false;
	if (walk.has_goroutine)
		go_ancestry_take(program, request, &walk.goroutine, stack);
	return true;
}
