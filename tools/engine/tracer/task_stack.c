// SPDX-License-Identifier: MIT
/*
 * See task_stack.h. Go's stacks are walked by Go's own tables, all others by libunwind, through the
 * walker that the preload uses. Frames are converted to module and offset at once, so they stay
 * valid when modules are unmapped.
 */
#include "task_stack.h"

#include "preload/arch/registers.h"
#include "preload/core/capture/capture.h"

/* Walks go this much deeper than wanted, to make up for the C library's own frames, which are
 * dropped; in most cases there are no more. */
enum { WRAPPERS_USUAL = 8 };

/* depth: the most frames to keep, not counting the C library's innermost ones. */
static uint32_t intern(const struct task *task, const uintptr_t *pcs, uint32_t count,
		       enum stack_end end, uint32_t depth)
{
	struct ledger *ledger = &task->table->ledger;
	struct memory *memory = remote_memory_walk(task->process->memory);
	frame_t frames[STACK_DEPTH_MAX];
	struct object object = {0};

	for (uint32_t i = 0; i < count; i++)
		frames[i] = pcs[i] < GO_STACK_MARKS
				    ? FRAME_CREATED_BY(pcs[i])
				    : capture_frame(&ledger->modules, memory,
						    task->process->main_path, &object, pcs[i]);
	uint32_t skip =
		libc_frames_count(task->process->libc_frames, &ledger->modules, frames, count);
	count -= skip;
	if (count > depth) {
		count = depth;
		end = STACK_DEEPER;
	}
	return stack_table_intern(&ledger->stacks, frames + skip, count, end);
}

uint32_t stack_capture(const struct tracer *tracer, const struct task *task,
		       const struct user_regs_struct *registers)
{
	struct remote_memory *memory = process_memory(task->process);

	if (!memory)
		return STACK_NONE;
	remote_memory_begin(memory, regs_pc(registers), regs_sp(registers));
	return stack_capture_begun(tracer, task, registers);
}

/* Sets *remember to false if the same walk may give another result later, or had a side effect. */
static uint32_t walk_stack(const struct tracer *tracer, const struct task *task,
			   const struct user_regs_struct *registers, bool *remember)
{
	static struct walk walk;
	static struct go_stack stack;
	struct process *process = task->process;
	struct memory *memory = remote_memory_walk(process->memory);

	if (process->go) {
		struct go_stack_request request = {
			.memory = memory,
			.registers = registers,
			.depth = tracer->options.depth,
			.ancestors = tracer->request->go_ancestors,
		};
		if (go_stack_take(process->go, &request, &stack)) {
			uint32_t id =
				intern(task, stack.pcs, stack.count, stack.end, STACK_DEPTH_MAX);

			if (stack.runtimes)
				process->runtimes = id;
			/* If the creator's place wasn't known yet, it may be later. */
			*remember = !stack.runtimes && stack.end != STACK_NO_CREATOR;
			return id;
		}
	}
	walk.memory = memory;
	walk.registers = (struct registers){
		.pc = regs_pc(registers), .sp = regs_sp(registers), .fp = regs_fp(registers)};
	walk.depth = tracer->options.depth + WRAPPERS_USUAL;
	unwinder_walk(&walk);
	return intern(task, walk.pcs, walk.count, walk.end, tracer->options.depth);
}

uint32_t stack_capture_begun(const struct tracer *tracer, const struct task *task,
			     const struct user_regs_struct *registers)
{
	struct remote_memory *memory = task->process->memory;
	struct walk_start start = {
		.pc = regs_pc(registers),
		.sp = regs_sp(registers),
		.fp = regs_fp(registers),
		.go = task->process->go ? regs_go(registers) : 0,
		.thread = registers->fs_base,
		.table = task->table->serial,
	};
	bool remember = true;
	uint32_t stack = walk_memo_find(memory, &start);

	task->process->remembered = true;
	if (stack)
		return stack;
	walk_memo_begin(memory, &start);
	stack = walk_stack(tracer, task, registers, &remember);
	walk_memo_end(memory, &start, remember ? stack : STACK_NONE);
	task->process->remembered = remember;
	return stack;
}
