// SPDX-License-Identifier: MIT
/* See code_flow.h. */
#include "code_flow.h"

#include <string.h>

#include "x86_instruction.h"

enum {
	PATHS = 1024,     /* the most paths that wait to be followed */
	STEPS = 6 * 1024, /* the most instructions that are followed */
	ENTRY = 8,        /* the depth at a function's first instruction: the return address */
};

/* The state at a place on a path. A depth is the number of bytes from an address to the frame's
 * end. */
struct state {
	int64_t depth; /* of rsp */
	bool known;
	int64_t fp_depth; /* of rbp, if it was set from rsp; 0: it was not */
	int64_t saved;    /* depth of the saved rbp of the caller; 0: still in rbp */
	bool syscall;     /* a system call has been made .. */
	bool begins; /* .. and rbp was set to 0 since: if the call was clone(2), a thread begins
		      * here */
};

struct path {
	size_t at;
	struct state state;
};

/* The cases of a switch. The table that says where they are is not read. But they lie after the
 * switch's jump, and begin with the stack as it was at the jump. So code after the jump that no
 * path reaches is followed as a case. */
struct cases {
	bool any;
	size_t next; /* all code before this has been reached */
	struct state state;
};

struct flow {
	const uint8_t *code;
	size_t size, place;
	bool reached, away;
	struct cases cases; /* of the first switch */
	struct path paths[PATHS];
	size_t count;
	uint8_t seen[CODE_FLOW_SIZE / 8];
};

static bool is_new(struct flow *flow, size_t at)
{
	uint8_t bit = (uint8_t)(1 << at % 8), *seen = &flow->seen[at / 8];
	bool result = !(*seen & bit);

	*seen |= bit;
	return result;
}

/* Whether the stack is as at a function's first instruction; a jump that leaves the function for
 * another (a tail call) finds it so, too. */
static bool at_entry(const struct state *state)
{
	return state->known && state->depth == ENTRY;
}

static void later(struct flow *flow, int64_t at, const struct state *state)
{
	if (at < 0 || (uint64_t)at >= flow->size)
		flow->away = flow->away || at_entry(state);
	else if (flow->count < PATHS)
		flow->paths[flow->count++] = (struct path){.at = (size_t)at, .state = *state};
}

static void apply(struct state *state, const struct instruction *instruction)
{
	state->syscall = state->syscall || instruction->syscall;
	switch (instruction->stack) {
	case STACK_SAME:
		break;
	case STACK_PUSH_FP:
		state->depth += instruction->amount;
		if (!state->saved && !state->fp_depth)
			state->saved = state->depth;
		break;
	case STACK_POP_FP:
		state->depth -= 8;
		state->saved = state->fp_depth = 0;
		break;
	case STACK_SAVE_FP:
		if (state->known && !state->saved && !state->fp_depth)
			state->saved = state->depth - instruction->amount;
		break;
	case STACK_LOAD_FP:
		if (state->known && state->depth - instruction->amount == state->saved)
			state->saved = 0;
		break;
	case STACK_MOVES:
		state->depth += instruction->amount;
		break;
	case STACK_SET_FP:
		if (state->known)
			state->fp_depth = state->depth;
		break;
	case STACK_FROM_FP:
		state->known = state->fp_depth != 0;
		state->depth = state->fp_depth + instruction->amount;
		break;
	case STACK_LEAVE:
		state->known = state->fp_depth != 0;
		state->depth = state->fp_depth - 8;
		state->saved = state->fp_depth = 0;
		break;
	case STACK_NO_FP:
		state->begins = state->syscall;
		break;
	case STACK_UNKNOWN:
		state->known = false;
		break;
	}
}

static bool conclude(const struct state *state, struct leave_rule *rule)
{
	/* A thread begins here, on a stack of its own without a return address. */
	if (state->begins && state->known && state->depth < ENTRY) {
		*rule = (struct leave_rule){.outermost = true};
		return true;
	}
	if (!state->known && !state->fp_depth)
		return false;
	*rule = (struct leave_rule){
		.by_fp = !state->known,
		.frame_end = state->known ? state->depth : state->fp_depth,
		.saved_fp = state->saved,
	};
	/* The return address is the frame's last word: rsp is at or below it. */
	return rule->frame_end >= ENTRY && rule->frame_end <= INT32_MAX &&
	       rule->frame_end % 8 == 0 && rule->saved_fp >= 0;
}

/* Notes an indirect jump, which goes to another function or to a case of a switch. */
static void note_jump(struct flow *flow, const struct path *path,
		      const struct instruction *instruction)
{
	if (!instruction->away || !path->state.known)
		return;
	flow->away = flow->away || at_entry(&path->state);
	if (flow->cases.any)
		return;
	flow->cases = (struct cases){
		.any = true,
		.next = path->at + instruction->length,
		.state = path->state,
	};
}

/* Queues the next code between the switch and the place that no path has reached. False: there is
 * none. */
static bool next_case(struct flow *flow)
{
	struct cases *cases = &flow->cases;
	struct instruction instruction;

	while (cases->any && cases->next <= flow->place && cases->next < flow->size) {
		if (!(flow->seen[cases->next / 8] & 1 << cases->next % 8)) {
			later(flow, (int64_t)cases->next, &cases->state);
			return true;
		}
		if (!x86_decode(flow->code + cases->next, flow->size - cases->next, &instruction))
			return false;
		cases->next += instruction.length;
	}
	return false;
}

/* Follows one path to its end. True: it came to the place, and rule is filled in. */
static bool follow(struct flow *flow, struct path path, size_t *steps, struct leave_rule *rule)
{
	struct instruction instruction;

	while ((*steps)++ < STEPS && path.at < flow->size && is_new(flow, path.at)) {
		if (path.at == flow->place) {
			flow->reached = true;
			if (conclude(&path.state, rule))
				return true;
		}
		if (!x86_decode(flow->code + path.at, flow->size - path.at, &instruction))
			return false;
		apply(&path.state, &instruction);
		int64_t target = (int64_t)path.at + instruction.target;
		switch (instruction.way) {
		case WAY_END:
			note_jump(flow, &path, &instruction);
			return false;
		case WAY_BRANCH:
			later(flow, target, &path.state);
			break;
		case WAY_JUMP:
			later(flow, target, &path.state);
			return false;
		case WAY_ON:
		case WAY_CALL:
			break;
		}
		path.at += instruction.length;
	}
	return false;
}

/* Follows all paths, to the place or to their ends. Returns as follow. */
static bool follow_all(struct flow *flow, const uint8_t *code, size_t size, size_t start,
		       size_t place, struct leave_rule *rule)
{
	size_t steps = 0;

	flow->code = code;
	flow->size = size < CODE_FLOW_SIZE ? size : CODE_FLOW_SIZE;
	flow->place = place;
	flow->reached = flow->away = false;
	flow->cases.any = false;
	flow->count = 1;
	flow->paths[0] = (struct path){.at = start, .state = {.depth = ENTRY, .known = true}};
	memset(flow->seen, 0, sizeof(flow->seen));
	/* Certain paths first, then cases. */
	while (steps < STEPS && (flow->count || next_case(flow)))
		if (follow(flow, flow->paths[--flow->count], &steps, rule))
			return true;
	return false;
}

static struct flow flow;

enum code_flow code_flow(const uint8_t *code, size_t size, size_t start, size_t place,
			 struct leave_rule *rule)
{
	if (follow_all(&flow, code, size, start, place, rule))
		return FLOW_RULE;
	return flow.reached ? FLOW_LOST : FLOW_NOWHERE;
}

bool code_flow_jumps_away(const uint8_t *code, size_t size, size_t start)
{
	struct leave_rule none;

	follow_all(&flow, code, size, start, SIZE_MAX, &none);
	return flow.away;
}
