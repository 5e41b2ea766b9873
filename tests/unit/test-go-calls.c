// SPDX-License-Identifier: MIT
/* Finding the system call instructions of a Go program. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "../go_file.h"
#include "tools/engine/go/go_calls.h"
#include "tools/engine/go/go_layout.h"

enum {
	/* main.main's flags in the table */
	FLAGS = GO_FILE_TABLE + GO_FILE_FUNCTIONS + 0x40 + 4 + 36 + 1,
	CODE = 0x100, /* offset in the file */
	CODE_SIZE = GO_FILE_END - GO_FILE_TEXT,
	BIAS = 0x10000,
	CALLS_MAX = 8,
};

static const uint8_t code[] = {
	0xb8, 0x01, 0x01, 0x00, 0x00,             /* mov $257, %eax */
	0x0f, 0x05,                               /* syscall */
	0x48, 0xc7, 0xc0, 0xe4, 0x00, 0x00, 0x00, /* mov $228, %rax */
	0x0f, 0x05,                               /* syscall */
	0xb9, 0x0f, 0x05, 0x00, 0x00,             /* mov $0x50f, %ecx */
	0x41, 0xb8, 0x03, 0x00, 0x00, 0x00,       /* mov $3, %r8d */
	0x0f, 0x05,                               /* syscall */
	0xc3,
};

static struct {
	struct go_file table;
	uint8_t bytes[CODE + CODE_SIZE];
	struct go_program program;
	struct go_call calls[CALLS_MAX];
	size_t count, most;
} made;

static Elf64_Phdr *segment(size_t index)
{
	return (Elf64_Phdr *)(made.bytes + sizeof(Elf64_Ehdr)) + index;
}

static int make(void **state)
{
	Elf64_Ehdr header = {
		.e_phoff = sizeof(header), .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2};

	(void)state;
	memset(&made, 0, sizeof(made));
	go_file_make(&made.table, PCLNTAB_GO_1_20);
	made.table.bytes[FLAGS] = PCLNTAB_ASSEMBLY;
	memcpy(made.bytes, &header, sizeof(header));
	*segment(0) = (Elf64_Phdr){.p_type = PT_LOAD,
				   .p_flags = PF_R | PF_X,
				   .p_offset = CODE,
				   .p_vaddr = GO_FILE_TEXT,
				   .p_filesz = CODE_SIZE};
	*segment(1) = (Elf64_Phdr){.p_type = PT_NOTE};
	memcpy(made.bytes + CODE, code, sizeof(code));
	made.program = (struct go_program){
		.bytes = made.bytes,
		.size = sizeof(made.bytes),
		.bias = BIAS,
		.table = pclntab_create(made.table.bytes, sizeof(made.table.bytes)),
	};
	made.most = CALLS_MAX;
	return made.program.table ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	pclntab_destroy(made.program.table);
	return 0;
}

static bool note(const struct go_call *call, void *data)
{
	(void)data;
	if (made.count == made.most)
		return false;
	made.calls[made.count++] = *call;
	return true;
}

static bool find(void)
{
	return go_program_calls(&made.program, note, NULL);
}

static void each_instruction_is_found_with_its_number(void **state)
{
	static const struct {
		uintptr_t at, move;
		long number;
	} expected[] = {{5, 0, 257}, {14, 7, 228}, {27, 0, -1}};

	(void)state;
	assert_true(find());
	assert_int_equal(made.count, 3);
	for (size_t i = 0; i < made.count; i++) {
		uintptr_t text = GO_FILE_TEXT + BIAS;

		assert_int_equal(made.calls[i].instruction, text + expected[i].at);
		assert_int_equal(made.calls[i].number, expected[i].number);
		assert_int_equal(made.calls[i].move,
				 expected[i].number < 0 ? 0 : text + expected[i].move);
		assert_string_equal(made.calls[i].function, "main.main");
	}
}

static void code_of_gos_compiler_has_none(void **state)
{
	(void)state;
	made.table.bytes[FLAGS] = 0;
	assert_true(find());
	assert_int_equal(made.count, 0);
}

static void a_visitor_can_end_the_search(void **state)
{
	(void)state;
	made.most = 1;
	assert_false(find());
	assert_int_equal(made.count, 1);
}

static void a_program_with_a_loader_has_more_code(void **state)
{
	(void)state;
	segment(1)->p_type = PT_INTERP;
	assert_false(find());
}

static void code_of_no_function_is_not_known(void **state)
{
	(void)state;
	segment(0)->p_vaddr = GO_FILE_END;
	assert_false(find());
}

static void instructions_that_cannot_be_decoded_are_not_passed_over(void **state)
{
	(void)state;
	made.bytes[CODE] = 0x06;
	assert_false(find());
	assert_int_equal(made.count, 0);
}

static void headers_that_lie_are_refused(void **state)
{
	Elf64_Ehdr *header = (Elf64_Ehdr *)made.bytes;

	(void)state;
	segment(0)->p_filesz = CODE_SIZE + 1;
	assert_false(find());
	segment(0)->p_filesz = CODE_SIZE;
	segment(0)->p_offset = UINT64_MAX - 1;
	assert_false(find());
	header->e_phnum = UINT16_MAX;
	assert_false(find());
	header->e_phnum = 2;
	header->e_phoff = UINT64_MAX;
	assert_false(find());
	made.program.size = 3;
	assert_false(find());
}

#define TEST(words, function)                                                                      \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = make, .teardown_func = end     \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST("each system call instruction is found with its number",
		     each_instruction_is_found_with_its_number),
		TEST("code of Go's compiler has none", code_of_gos_compiler_has_none),
		TEST("a visitor can end the search", a_visitor_can_end_the_search),
		TEST("a program with a loader has more code",
		     a_program_with_a_loader_has_more_code),
		TEST("code of no function is not known", code_of_no_function_is_not_known),
		TEST("instructions that can't be decoded are not passed over",
		     instructions_that_cannot_be_decoded_are_not_passed_over),
		TEST("headers that lie are refused", headers_that_lie_are_refused),
	};

	return cmocka_run_group_tests_name("go-calls", tests, NULL, NULL);
}
