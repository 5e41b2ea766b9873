// SPDX-License-Identifier: MIT
/* How functions without unwind data are left, from their code: what real programs are full of is
 * tested in cli/test_static.py and cli/test_musl.py; here is what they have one of. */
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

static void without_a_system_call_none_begins(void **state)
{
	struct leave_rule rule;

	/* From behind it: as if a function began there by chance. */
	assert_int_equal(code_flow(clone_end, sizeof(clone_end), BEHIND_SYSCALL, CALLED, &rule),
			 FLOW_LOST);
}

static void a_jump_out_of_the_code_is_one_away(void **state)
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a thread begins in the child of clone(2), on a stack of its own",
		 .test_func = a_thread_begins_behind_clone},
		{.name = "where no system call was made no thread begins",
		 .test_func = without_a_system_call_none_begins},
		{.name = "a jump out of the code that is there is one to another function",
		 .test_func = a_jump_out_of_the_code_is_one_away},
	};

	return cmocka_run_group_tests_name("code-flow", tests, NULL, NULL);
}
