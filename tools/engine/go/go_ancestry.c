// SPDX-License-Identifier: MIT
/*
 * Finds out what created a goroutine. Every goroutine knows its go statement (gopc). With
 * GODEBUG=tracebackancestors=N it also keeps the stacks of its N nearest ancestors, each as it was
 * at its go statement (struct ancestorInfo in src/runtime/runtime2.go). net/http dials in a
 * goroutine of its own, so only the ancestors tell which code asked for the connection.
 */
#include <string.h>

#include "go_layout.h"

enum {
	ANCESTOR_WORDS = 5, /* pcs (address, length, capacity), goid, gopc */
	ANCESTORS_MOST = 1000,
	PCS_MOST = 1000,
};

struct ancestry {
	struct go_program *program;
	const struct go_stack_request *request;
	struct go_stack *stack;
};

static bool add(struct ancestry *ancestry, uintptr_t value)
{
	struct go_stack *stack = ancestry->stack;

	if (stack->count == STACK_DEPTH_MAX) {
		stack->end = STACK_DEEPER;
		return false;
	}
	stack->pcs[stack->count++] = value;
	return true;
}

/* Begins a section with a mark. If there is no room for a frame after it, the stack ends before it
 * (STACK_DEEPER), and this returns false. */
static bool begin(struct ancestry *ancestry)
{
	enum stack_end end = ancestry->stack->end;

	if (ancestry->stack->count + 2 > STACK_DEPTH_MAX) {
		ancestry->stack->end = STACK_DEEPER;
		return false;
	}
	ancestry->stack->end = STACK_COMPLETE;
	return add(ancestry, (uintptr_t)end);
}

/* Whether the go statement before this return address is the runtime's own. Its creators would be
 * of no interest. */
static bool is_runtime(const struct go_program *program, uintptr_t go)
{
	struct pclntab_function function;

	return !go_program_function(program, go - 1, &function) ||
	       strncmp(function.name, "runtime.", strlen("runtime.")) == 0;
}

/* Adds the frames of an ancestor, from its go statement on. Its list has a pc for each function,
 * and for inlined ones too. Inlined functions share one frame here, because the symbolizer finds
 * them all by one address. False: the stack is full. */
static bool add_frames(struct ancestry *ancestry, uintptr_t pcs, size_t count, uintptr_t go)
{
	struct go_program *program = ancestry->program;
	struct memory *memory = ancestry->request->memory;
	struct pclntab_location locations[PCLNTAB_LOCATIONS_MAX];
	size_t inlined = 0, first = 0;
	uintptr_t pc;

	/* The pcs before it are runtime.newproc's and of what it called. */
	for (size_t i = 0; i < count; i++)
		if (go_read(memory, pcs + i * sizeof(pc), &pc, 1) && pc == go) {
			first = i;
			break;
		}
	for (size_t i = first; i < count; i++) {
		const struct go_frame *frame;
		bool known = false;

		if (!go_read(memory, pcs + i * sizeof(pc), &pc, 1))
			return true;
		for (size_t k = 0; k + 1 < inlined; k++)
			known = known || locations[k].call == pc - 1 - program->bias;
		if (known)
			continue;
		frame = go_program_frame(program, pc - 1);
		if (frame && frame->leave_out)
			break;
		if (!add(ancestry, pc - 1))
			return false;
		inlined = pclntab_locations(program->table, pc - 1 - program->bias, locations,
					    PCLNTAB_LOCATIONS_MAX);
	}
	return true;
}

/* Adds the ancestors, a list of count at address first. go: the youngest one's go statement. */
static void add_ancestors(struct ancestry *ancestry, uintptr_t first, size_t count, uintptr_t go)
{
	struct memory *memory = ancestry->request->memory;
	size_t most = ancestry->request->ancestors;
	size_t shown = count < most ? count : most;

	for (size_t i = 0; i < shown; i++) {
		uintptr_t words[ANCESTOR_WORDS];
		uintptr_t at = first + i * sizeof(words);

		if (!go_read(memory, at, words, ANCESTOR_WORDS) || words[1] == 0 ||
		    words[1] > PCS_MOST || words[1] > words[2]) {
			ancestry->stack->end = STACK_NO_CREATOR;
			return;
		}
		if (!begin(ancestry) || !add_frames(ancestry, words[0], words[1], go))
			return;
		go = words[4];
	}
	/* The oldest ancestor shown had a creator, too. */
	if (!is_runtime(ancestry->program, go) && begin(ancestry) && add(ancestry, go - 1))
		ancestry->stack->end = STACK_MORE_CREATORS;
}

void go_ancestry_take(struct go_program *program, const struct go_stack_request *request,
		      const struct goroutine *goroutine, struct go_stack *stack)
{
	struct ancestry ancestry = {.program = program, .request = request, .stack = stack};
	struct goroutine_creator creator;
	uintptr_t slice[3];

	/* The offsets can't be found in a goroutine that nothing created. Once they are known, that
	 * goroutine holds zeroes there. */
	if (!program->creator && goroutine_is_system(request->memory, goroutine))
		return;
	if (!goroutine_creator(program, request->memory, goroutine, &creator)) {
		if (stack->end == STACK_COMPLETE)
			stack->end = STACK_NO_CREATOR;
		return;
	}
	if (creator.start - program->bias == program->main_entry || is_runtime(program, creator.go))
		return;
	if (creator.ancestors && request->ancestors &&
	    go_read(request->memory, creator.ancestors, slice, 3) && slice[1] &&
	    slice[1] <= slice[2] && slice[1] <= ANCESTORS_MOST) {
		add_ancestors(&ancestry, slice[0], slice[1], creator.go);
		return;
	}
	if (begin(&ancestry) && add(&ancestry, creator.go - 1))
		stack->end = STACK_CREATOR_ONLY;
}
