// SPDX-License-Identifier: MIT
/* How a frame without unwind data is left, found from the function's code. cli/test_static.py
 * and cli/test_musl.py test the usual code of real programs; here are rare forms. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/engine/walk/prologue/code_flow.h"

/* The end of musl's clone(). */
static const uint8_t clone_end[] = {
	0x31, 0xc0,       /* 0: xor eax, eax */
	0xb0, 0x38,       /* mov al, 56 */
	0x0f, 0x05,       /* syscall */
	0x85, 0xc0,       /* test eax, eax */
	0x75, 0x07,       /* jne 17 */
	0x31, 0xed,       /* 10: xor ebp, ebp */
	0x5f,             /* pop rdi */
	0x41, 0xff, 0xd1, /* call r9 */
	0xf4,             /* 16: hlt */
	0xc3,             /* 17: ret */
};
enum { BEHIND_SYSCALL = 10, CALLED = 16, PARENT = 17 };

static void a_thread_begins_behind_clone(void **state)
{
	struct leave_rule rule;

	assert_int_equal(code_flow(clone_end, sizeof(clone_end), 0, CALLED, &rule), FLOW_RULE);
	assert_true(rule.outermost);
	assert_int_equal(code_flow(clone_end, sizeof(clone_end), 0, PARENT, &rule), FLOW_RULE);
	assert_false(rule.outermost);
	assert_int_equal(rule.frame_end, 8);
}

static void without_a_system_call_no_thread_begins(void **state)
{
	struct leave_rule rule;

	/* The code after the system call, as if a function began there by chance. */
	assert_int_equal(code_flow(clone_end, sizeof(clone_end), BEHIND_SYSCALL, CALLED, &rule),
			 FLOW_LOST);
}

static void a_jump_out_of_the_code_at_hand_leads_to_another_function(void **state)
{
	static const uint8_t far[] = {0x31, 0xc0, 0xe9, 0x00, 0x00, 0x10, 0x00};
	static const uint8_t pushed[] = {0x50, 0x90, 0xe9, 0x00, 0x00, 0x10, 0x00};
	static const uint8_t branch[] = {0x0f, 0x85, 0x00, 0x00, 0x10, 0x00, 0xc3};
	static const uint8_t near[] = {0x31, 0xc0, 0xe9, 0x00, 0x00, 0x00, 0x00, 0xc3};

	assert_true(code_flow_jumps_away(far, sizeof(far), 0));
	assert_false(code_flow_jumps_away(pushed, sizeof(pushed), 0));
	assert_true(code_flow_jumps_away(branch, sizeof(branch), 0));
	assert_false(code_flow_jumps_away(near, sizeof(near), 0));
}

/* The rule at one place of the code: where the frame ends, and where the caller's rbp is. */
struct known {
	size_t place;
	bool by_fp;
	int64_t frame_end, saved_fp;
};

static void expect(const uint8_t *code, size_t size, const struct known *known, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct leave_rule rule;

		if (code_flow(code, size, 0, known[i].place, &rule) != FLOW_RULE)
			fail_msg("at %zu: no rule", known[i].place);
		if (rule.outermost || rule.by_fp != known[i].by_fp ||
		    rule.frame_end != known[i].frame_end || rule.saved_fp != known[i].saved_fp)
			fail_msg("at %zu: by %s, %ld, %ld", known[i].place,
				 rule.by_fp ? "rbp" : "rsp", (long)rule.frame_end,
				 (long)rule.saved_fp);
	}
}

static void a_frame_is_followed_from_push_to_leave(void **state)
{
	static const uint8_t code[] = {
		0x55,                   /* 0: push rbp */
		0x48, 0x89, 0xe5,       /* 1: mov rbp, rsp */
		0x53,                   /* 4: push rbx */
		0x48, 0x83, 0xec, 0x18, /* 5: sub rsp, 24 */
		0x48, 0x83, 0xe4, 0xf0, /* 9: and rsp, -16 */
		0x90,                   /* 13: nop */
		0x48, 0x8d, 0x65, 0xf8, /* 14: lea rsp, [rbp-8] */
		0x5b,                   /* 18: pop rbx */
		0xc9,                   /* 19: leave */
		0xc3,                   /* 20: ret */
	};
	static const struct known known[] = {
		{0, false, 8, 0},
		{1, false, 16, 16},
		{4, false, 16, 16},
		{5, false, 24, 16},
		{9, false, 48, 16},
		{13, true, 16, 16},
		{18, false, 24, 16},
		{19, false, 16, 16},
		/* After leave, rbp is the caller's again. */
		{20, false, 8, 0},
	};

	expect(code, sizeof(code), known, sizeof(known) / sizeof(*known));
}

static void rbp_is_the_callers_until_it_is_pushed(void **state)
{
	static const uint8_t code[] = {
		0x41, 0x54, /* 0: push r12 */
		0x55,       /* 2: push rbp, which holds a value of this function's own */
		0x53,       /* 3: push rbx */
		0x55,       /* 4: push rbp again */
		0x48, 0x83, 0xc4, 0x08, /* 5: add rsp, 8 */
		0x90,                   /* 9: nop */
		0x5b,                   /* 10: pop rbx */
		0x5d,                   /* 11: pop rbp */
		0x41, 0x5c,             /* 12: pop r12 */
		0xc3,                   /* 14: ret */
	};
	static const struct known known[] = {
		{2, false, 16, 0},   {3, false, 24, 24}, {5, false, 40, 24}, {9, false, 32, 24},
		{11, false, 24, 24}, {12, false, 16, 0}, {14, false, 8, 0},
	};

	expect(code, sizeof(code), known, sizeof(known) / sizeof(*known));
}

/* As gcc 16 does it, for registers that only some paths need. */
static void rbp_is_saved_and_restored_by_moves(void **state)
{
	static const uint8_t code[] = {
		0x48, 0x83, 0xec, 0x28,       /* 0: sub rsp, 40 */
		0x48, 0x89, 0x5c, 0x24, 0x08, /* 4: mov [rsp+8], rbx */
		0x48, 0x89, 0x6c, 0x24, 0x10, /* 9: mov [rsp+16], rbp */
		0x48, 0x89, 0xfd,             /* 14: mov rbp, rdi */
		0x48, 0x89, 0x6c, 0x24, 0x18, /* 17: mov [rsp+24], rbp: a variable */
		0x90,                         /* 22: nop */
		0x48, 0x8b, 0x6c, 0x24, 0x18, /* 23: mov rbp, [rsp+24] */
		0x48, 0x8b, 0x6c, 0x24, 0x10, /* 28: mov rbp, [rsp+16] */
		0x48, 0x83, 0xc4, 0x28,       /* 33: add rsp, 40 */
		0xc3,                         /* 37: ret */
	};
	static const struct known known[] = {
		{4, false, 48, 0},   {14, false, 48, 32}, {22, false, 48, 32},
		{28, false, 48, 32}, {33, false, 48, 0},  {37, false, 8, 0},
	};

	(void)state;
	expect(code, sizeof(code), known, sizeof(known) / sizeof(*known));
}

static void both_ways_of_a_branch_are_followed(void **state)
{
	static const uint8_t code[] = {
		0x50,                         /* 0: push rax */
		0x75, 0x05,                   /* 1: jne 8 */
		0x50,                         /* 3: push rax */
		0x90,                         /* 4: nop */
		0x58,                         /* 5: pop rax */
		0x58,                         /* 6: pop rax */
		0xc3,                         /* 7: ret */
		0x48, 0x83, 0xec, 0x20,       /* 8: sub rsp, 32 */
		0xe8, 0x00, 0x00, 0x00, 0x00, /* 12: call 17 */
		0x48, 0x83, 0xc4, 0x28,       /* 17: add rsp, 40 */
		0xc3,                         /* 21: ret */
	};
	static const struct known known[] = {
		{4, false, 24, 0},  {7, false, 8, 0},  {8, false, 16, 0},
		{17, false, 48, 0}, {21, false, 8, 0},
	};

	expect(code, sizeof(code), known, sizeof(known) / sizeof(*known));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a thread begins in the child of clone(2), on a stack of its own",
		 .test_func = a_thread_begins_behind_clone},
		{.name = "without a system call no thread begins",
		 .test_func = without_a_system_call_no_thread_begins},
		{.name = "a frame is followed from push to leave",
		 .test_func = a_frame_is_followed_from_push_to_leave},
		{.name = "rbp is the caller's until it is pushed",
		 .test_func = rbp_is_the_callers_until_it_is_pushed},
		{.name = "rbp is saved and restored by moves",
		 .test_func = rbp_is_saved_and_restored_by_moves},
		{.name = "both ways of a branch are followed",
		 .test_func = both_ways_of_a_branch_are_followed},
		{.name = "a jump out of the code at hand leads to another function",
		 .test_func = a_jump_out_of_the_code_at_hand_leads_to_another_function},
	};

	return cmocka_run_group_tests_name("code-flow", tests, NULL, NULL);
}
