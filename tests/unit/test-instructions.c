// SPDX-License-Identifier: MIT
/*
 * The effect of single instructions on rsp and rbp, and where they lead: a row for each rule.
 * cli/test_static.py compares real code with objdump.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "tools/engine/walk/prologue/x86_instruction.h"

struct row {
	const char *text;
	const char *bytes;
	size_t length;
	enum instruction_stack stack;
	int64_t amount;
	enum instruction_way way;
	int64_t target; /* relative to the instruction's beginning; 0: not known */
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
	{"push rax", BYTES("\x50"), STACK_MOVES, 8, WAY_ON, 0},
	{"push rbp", BYTES("\x55"), STACK_PUSH_FP, 8, WAY_ON, 0},
	{"push r13", BYTES("\x41\x55"), STACK_MOVES, 8, WAY_ON, 0},
	{"push ax", BYTES("\x66\x50"), STACK_MOVES, 2, WAY_ON, 0},
	{"rex.W push rbx", BYTES("\x48\x53"), STACK_MOVES, 8, WAY_ON, 0},
	{"push 16", BYTES("\x6a\x10"), STACK_MOVES, 8, WAY_ON, 0},
	{"push 0x10000", BYTES("\x68\0\0\1\0"), STACK_MOVES, 8, WAY_ON, 0},
	{"push [rax]", BYTES("\xff\x30"), STACK_MOVES, 8, WAY_ON, 0},
	{"pushf", BYTES("\x9c"), STACK_MOVES, 8, WAY_ON, 0},
	{"popf", BYTES("\x9d"), STACK_MOVES, -8, WAY_ON, 0},
	{"push fs", BYTES("\x0f\xa0"), STACK_MOVES, 8, WAY_ON, 0},
	{"pop rax", BYTES("\x58"), STACK_MOVES, -8, WAY_ON, 0},
	{"pop rbp", BYTES("\x5d"), STACK_POP_FP, -8, WAY_ON, 0},
	{"pop r13", BYTES("\x41\x5d"), STACK_MOVES, -8, WAY_ON, 0},
	{"pop rsp", BYTES("\x5c"), STACK_UNKNOWN, -8, WAY_ON, 0},
	{"pop r12", BYTES("\x41\x5c"), STACK_MOVES, -8, WAY_ON, 0},
	{"pop [rax]", BYTES("\x8f\x00"), STACK_MOVES, -8, WAY_ON, 0},
	{"mov [rsp+16], rbp", BYTES("\x48\x89\x6c\x24\x10"), STACK_SAVE_FP, 16, WAY_ON, 0},
	{"mov [rsp], rbp", BYTES("\x48\x89\x2c\x24"), STACK_SAVE_FP, 0, WAY_ON, 0},
	{"mov [rsp+16], ebp", BYTES("\x89\x6c\x24\x10"), STACK_SAME, 0, WAY_ON, 0},
	{"mov [r12+16], rbp", BYTES("\x49\x89\x6c\x24\x10"), STACK_SAME, 0, WAY_ON, 0},
	{"mov [rsp+16], r13", BYTES("\x4c\x89\x6c\x24\x10"), STACK_SAME, 0, WAY_ON, 0},
	{"mov [rsp+rax], rbp", BYTES("\x48\x89\x2c\x04"), STACK_SAME, 0, WAY_ON, 0},
	{"mov rbp, [rsp-8]", BYTES("\x48\x8b\x6c\x24\xf8"), STACK_LOAD_FP, -8, WAY_ON, 0},
	{"sub rsp, 24", BYTES("\x48\x83\xec\x18"), STACK_MOVES, 24, WAY_ON, 0},
	{"sub rsp, -128", BYTES("\x48\x83\xec\x80"), STACK_MOVES, -128, WAY_ON, 0},
	{"sub rsp, 0x1000", BYTES("\x48\x81\xec\x00\x10\x00\x00"), STACK_MOVES, 0x1000, WAY_ON, 0},
	{"add rsp, 24", BYTES("\x48\x83\xc4\x18"), STACK_MOVES, -24, WAY_ON, 0},
	{"add rsp, 0x1000", BYTES("\x48\x81\xc4\x00\x10\x00\x00"), STACK_MOVES, -0x1000, WAY_ON, 0},
	{"sub r12, 24", BYTES("\x49\x83\xec\x18"), STACK_SAME, 0, WAY_ON, 0},
	{"and rsp, -16", BYTES("\x48\x83\xe4\xf0"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"cmp rsp, 24", BYTES("\x48\x83\xfc\x18"), STACK_SAME, 0, WAY_ON, 0},
	{"sub rsp, rax", BYTES("\x48\x29\xc4"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"sub rsp, [rax]", BYTES("\x48\x2b\x20"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"lea rsp, [rsp+24]", BYTES("\x48\x8d\x64\x24\x18"), STACK_MOVES, -24, WAY_ON, 0},
	{"lea rsp, [rsp-24]", BYTES("\x48\x8d\x64\x24\xe8"), STACK_MOVES, 24, WAY_ON, 0},
	{"lea rsp, [rsp+0x1000]", BYTES("\x48\x8d\xa4\x24\x00\x10\x00\x00"), STACK_MOVES, -0x1000,
	 WAY_ON, 0},
	{"lea rsp, [rbp-40]", BYTES("\x48\x8d\x65\xd8"), STACK_FROM_FP, 40, WAY_ON, 0},
	{"lea rsp, [r13-40]", BYTES("\x49\x8d\x65\xd8"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"lea rsp, [r12+24]", BYTES("\x49\x8d\x64\x24\x18"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"lea rsp, [rsp+rax]", BYTES("\x48\x8d\x24\x04"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"lea rax, [rsp+24]", BYTES("\x48\x8d\x44\x24\x18"), STACK_SAME, 0, WAY_ON, 0},
	{"lea rbp, [rsp+24]", BYTES("\x48\x8d\x6c\x24\x18"), STACK_SAME, 0, WAY_ON, 0},
	{"mov rbp, rsp", BYTES("\x48\x89\xe5"), STACK_SET_FP, 0, WAY_ON, 0},
	{"mov rbp, rsp (8b)", BYTES("\x48\x8b\xec"), STACK_SET_FP, 0, WAY_ON, 0},
	{"mov rsp, rbp", BYTES("\x48\x89\xec"), STACK_FROM_FP, 0, WAY_ON, 0},
	{"mov rsp, rbp (8b)", BYTES("\x48\x8b\xe5"), STACK_FROM_FP, 0, WAY_ON, 0},
	{"mov rsp, rax", BYTES("\x48\x89\xc4"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"mov rsp, [rax]", BYTES("\x48\x8b\x20"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"mov [rsp], rax", BYTES("\x48\x89\x04\x24"), STACK_SAME, 0, WAY_ON, 0},
	{"mov r13, rsp", BYTES("\x49\x89\xe5"), STACK_SAME, 0, WAY_ON, 0},
	{"xor ebp, ebp", BYTES("\x31\xed"), STACK_NO_FP, 0, WAY_ON, 0},
	{"xor eax, eax", BYTES("\x31\xc0"), STACK_SAME, 0, WAY_ON, 0},
	{"leave", BYTES("\xc9"), STACK_LEAVE, 0, WAY_ON, 0},
	{"enter 16, 0", BYTES("\xc8\x10\x00\x00"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"xchg rsp, rax", BYTES("\x48\x94"), STACK_UNKNOWN, 0, WAY_ON, 0},
	{"ret", BYTES("\xc3"), STACK_SAME, 0, WAY_END, 0},
	{"repz ret", BYTES("\xf3\xc3"), STACK_SAME, 0, WAY_END, 0},
	{"ret 16", BYTES("\xc2\x10\x00"), STACK_SAME, 0, WAY_END, 0},
	{"hlt", BYTES("\xf4"), STACK_SAME, 0, WAY_END, 0},
	{"int3", BYTES("\xcc"), STACK_SAME, 0, WAY_END, 0},
	{"ud2", BYTES("\x0f\x0b"), STACK_SAME, 0, WAY_END, 0},
	{"call +0x100", BYTES("\xe8\xfb\x00\x00\x00"), STACK_SAME, 0, WAY_CALL, 0x100},
	{"call -0x100", BYTES("\xe8\xfb\xfe\xff\xff"), STACK_SAME, 0, WAY_CALL, -0x100},
	{"call rax", BYTES("\xff\xd0"), STACK_SAME, 0, WAY_CALL, 0},
	{"call [rax]", BYTES("\xff\x10"), STACK_SAME, 0, WAY_CALL, 0},
	{"jmp +16", BYTES("\xeb\x0e"), STACK_SAME, 0, WAY_JUMP, 16},
	{"jmp -16", BYTES("\xeb\xee"), STACK_SAME, 0, WAY_JUMP, -16},
	{"jmp +0x100", BYTES("\xe9\xfb\x00\x00\x00"), STACK_SAME, 0, WAY_JUMP, 0x100},
	{"jmp rax", BYTES("\xff\xe0"), STACK_SAME, 0, WAY_END, 0},
	{"jmp [rip+0x100]", BYTES("\xff\x25\x00\x01\x00\x00"), STACK_SAME, 0, WAY_END, 0},
	{"bnd jmp [rip+0x100]", BYTES("\xf2\xff\x25\x00\x01\x00\x00"), STACK_SAME, 0, WAY_END, 0},
	{"jne +9", BYTES("\x75\x07"), STACK_SAME, 0, WAY_BRANCH, 9},
	{"jne +0x100", BYTES("\x0f\x85\xfa\x00\x00\x00"), STACK_SAME, 0, WAY_BRANCH, 0x100},
	{"jrcxz +9", BYTES("\xe3\x07"), STACK_SAME, 0, WAY_BRANCH, 9},
	{"endbr64", BYTES("\xf3\x0f\x1e\xfa"), STACK_SAME, 0, WAY_ON, 0},
	{"syscall", BYTES("\x0f\x05"), STACK_SAME, 0, WAY_ON, 0},
	{"nopw cs:[rax+rax]", BYTES("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"), STACK_SAME, 0,
	 WAY_ON, 0},
	{"mov rax, imm64", BYTES("\x48\xb8\1\2\3\4\5\6\7\x08"), STACK_SAME, 0, WAY_ON, 0},
	{"mov ax, imm16", BYTES("\x66\xb8\1\2"), STACK_SAME, 0, WAY_ON, 0},
	{"test al, 1", BYTES("\xf6\xc0\x01"), STACK_SAME, 0, WAY_ON, 0},
	{"neg al", BYTES("\xf6\xd8"), STACK_SAME, 0, WAY_ON, 0},
	{"vzeroupper", BYTES("\xc5\xf8\x77"), STACK_SAME, 0, WAY_ON, 0},
	{"vpalignr xmm0, xmm1, xmm2, 4", BYTES("\xc4\xe3\x71\x0f\xc2\x04"), STACK_SAME, 0, WAY_ON,
	 0},
	{"vmovdqu64 zmm0, [rsp+0x40]", BYTES("\x62\xf1\xfe\x48\x6f\x44\x24\x01"), STACK_SAME, 0,
	 WAY_ON, 0},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void each_instruction_has_its_effect_on_rsp_and_rbp_and_its_target(void **state)
{
	uint8_t code[32];

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		struct instruction found;

		memset(code, 0x90, sizeof(code));
		memcpy(code, row->bytes, row->length);
		if (!x86_decode(code, sizeof(code), &found))
			fail_msg("%s: is not decoded", row->text);
		if (found.length != row->length || found.stack != row->stack ||
		    found.way != row->way || found.amount != row->amount ||
		    found.direct != (row->target != 0) ||
		    (found.direct && found.target != row->target))
			fail_msg("%s: length %zu, stack %d, amount %ld, way %d, %s %ld", row->text,
				 found.length, found.stack, (long)found.amount, found.way,
				 found.direct ? "to" : "to nowhere known", (long)found.target);
		/* The decoder reads not one byte more than the instruction has. */
		for (size_t size = 0; size < row->length; size++)
			assert_false(x86_decode(code, size, &found));
		assert_true(x86_decode(code, row->length, &found));
	}
}

static void bytes_that_are_no_instruction_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} bad[] = {{BYTES("\x06")}, {BYTES("\x60")},     {BYTES("\x9a")},    {BYTES("\xea")},
		   {BYTES("\xd6")}, {BYTES("\x0f\x04")}, {BYTES("\x0f\xa6")}};
	uint8_t code[32];
	struct instruction found;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(code, 0, sizeof(code));
		memcpy(code, bad[i].bytes, bad[i].length);
		assert_false(x86_decode(code, sizeof(code), &found));
	}
	/* Too many prefixes. */
	memset(code, 0x66, sizeof(code));
	assert_false(x86_decode(code, sizeof(code), &found));
}

static void only_syscall_is_a_system_call(void **state)
{
	struct instruction found;
	uint8_t code[32];

	(void)state;
	for (int i = 0; i < ROWS; i++) {
		memset(code, 0x90, sizeof(code));
		memcpy(code, rows[i].bytes, rows[i].length);
		assert_true(x86_decode(code, sizeof(code), &found));
		assert_int_equal(found.syscall, strcmp(rows[i].text, "syscall") == 0);
		/* An indirect jump leads to another function. */
		assert_int_equal(found.away,
				 strstr(rows[i].text, "jmp r") || strstr(rows[i].text, "jmp ["));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "each instruction has its effect on rsp and rbp, and its target",
		 .test_func = each_instruction_has_its_effect_on_rsp_and_rbp_and_its_target},
		{.name = "bytes that are no instruction are refused",
		 .test_func = bytes_that_are_no_instruction_are_refused},
		{.name = "only a system call and a jump to elsewhere are marked",
		 .test_func = only_syscall_is_a_system_call},
	};

	return cmocka_run_group_tests_name("instructions", tests, NULL, NULL);
}
