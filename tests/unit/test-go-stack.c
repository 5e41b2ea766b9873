// SPDX-License-Identifier: MIT
/*
 * Stacks of Go programs over a memory made by hand. real/test_go.py tests real programs; here is
 * what goes wrong: the memory is another process', and may hold anything.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../go_file.h"
#include "tools/engine/go/go_http.h"
#include "tools/engine/go/go_program.h"

enum {
	STACK = 0x7000, /* .. 0x8000 */
	STACK_END = 0x8000,
	SP = STACK + 0x100,
	G = 0x10000,
	M = 0x20000,
	CURRENT = 192, /* curg in m */
	G0 = 0x30000,
	THREAD_STACK = 0x9000,        /* .. 0xa000 */
	SLICE = 0x40000,              /* g.ancestors */
	INFOS = 0x41000,              /* the ancestors */
	PCS = 0x42000,                /* .. their pcs, 0x100 bytes apart */
	CREATOR = 280,                /* gopc in g */
	GOEXIT = GO_FILE_TEXT + 0x41, /* a return address */
	WORDS_MAX = 4096,
};

static struct {
	struct memory memory;
	uintptr_t addresses[WORDS_MAX], words[WORDS_MAX];
	size_t count;
} fake;

static struct go_program *program;
static struct user_regs_struct registers;
static struct go_stack stack;

static bool read_fake(struct memory *memory, uintptr_t address, uintptr_t *word)
{
	for (size_t i = fake.count; i-- > 0;)
		if (fake.addresses[i] == address) {
			*word = fake.words[i];
			return true;
		}
	return false;
}

/* If an address is put twice, the last word holds. */
static void put(uintptr_t address, uintptr_t word)
{
	assert_true(fake.count < WORDS_MAX);
	fake.addresses[fake.count] = address;
	fake.words[fake.count++] = word;
}

static void put_ancestor(unsigned int index, uintptr_t go, const uintptr_t *pcs, size_t count)
{
	uintptr_t at = INFOS + index * 40, list = PCS + index * 0x100;

	put(at, list);
	put(at + 8, count);
	put(at + 16, count);
	put(at + 24, 1);
	put(at + 32, go);
	for (size_t i = 0; i < count; i++)
		put(list + 8 * i, pcs[i]);
}

/* A goroutine in main.main, which returns to goexit; started by main.main at +0x20, in a goroutine
 * that main.main had started at +0x30, in one that was started at +0x3e. */
static int begin(void **state)
{
	static struct go_file file;
	int fd = memfd_create("go", MFD_CLOEXEC);

	assert_true(fd >= 0);
	go_file_make(&file, PCLNTAB_GO_1_20);
	go_file_add_assembly(&file);
	assert_int_equal(write(fd, &file, sizeof(file)), sizeof(file));
	program = go_program_create(fd, 0);
	close(fd);
	assert_non_null(program);
	fake.count = 0;
	fake.memory.read = read_fake;
	registers = (struct user_regs_struct){.rip = GO_FILE_TEXT + 9, .rsp = SP, .r14 = G};
	put(SP + 0x20, GOEXIT);
	put(G, STACK);
	put(G + 8, STACK_END);
	put(G + 48, M);
	put(G + 56, SP);
	put(G + 72, G);
	put(M, G0);
	for (uintptr_t at = 200; at < 400 + 24; at += 8)
		put(G + at, 0);
	put(G + CREATOR, GO_FILE_TEXT + 0x21);
	put(G + CREATOR + 8, SLICE);
	put(G + CREATOR + 16, GO_FILE_TEXT);
	put(SLICE, INFOS);
	put(SLICE + 8, 2);
	put(SLICE + 16, 2);
	put_ancestor(0, GO_FILE_TEXT + 0x31,
		     (const uintptr_t[]){GO_FILE_TEXT + 5, GO_FILE_TEXT + 0x21, GOEXIT}, 3);
	put_ancestor(1, GO_FILE_TEXT + 0x3f, (const uintptr_t[]){GO_FILE_TEXT + 0x31, GOEXIT}, 2);
	return 0;
}

static int end(void **state)
{
	go_program_release(program);
	return 0;
}

static bool take(uint32_t depth, uint32_t ancestors)
{
	struct go_stack_request request = {
		.memory = &fake.memory,
		.registers = &registers,
		.depth = depth,
		.ancestors = ancestors,
	};

	return go_stack_take(program, &request, &stack);
}

/* Compares the stack with these addresses in the text, or marks. */
#define EXPECT(stack_end, ...) expect(stack_end, (const uintptr_t[]){__VA_ARGS__, UINTPTR_MAX})

static void expect(enum stack_end stack_end, const uintptr_t *pcs)
{
	uint32_t count = 0;

	for (; pcs[count] != UINTPTR_MAX; count++) {
		assert_true(count < stack.count);
		assert_int_equal(stack.pcs[count], pcs[count] < GO_STACK_MARKS
							   ? pcs[count]
							   : GO_FILE_TEXT + pcs[count] - 0x1000);
	}
	assert_int_equal(stack.count, count);
	assert_int_equal(stack.end, stack_end);
}

/* An address in the text; small numbers are marks. */
#define AT(offset) (0x1000 + (offset))

static void the_ancestry_follows_the_stack(void **state)
{
	assert_true(take(64, 10));
	EXPECT(STACK_MORE_CREATORS, AT(8), STACK_COMPLETE, AT(0x20), STACK_COMPLETE, AT(0x30),
	       STACK_COMPLETE, AT(0x3e));
}

static void a_function_can_be_stopped_at_its_first_instruction(void **state)
{
	registers.rip = GO_FILE_TEXT;
	put(SP, GOEXIT);
	assert_true(take(64, 0));
	assert_int_equal(stack.pcs[0], GO_FILE_TEXT);
	assert_int_equal(stack.pcs[1], STACK_COMPLETE);
}

static void no_more_ancestors_are_shown_than_requested(void **state)
{
	assert_true(take(64, 1));
	EXPECT(STACK_MORE_CREATORS, AT(8), STACK_COMPLETE, AT(0x20), STACK_COMPLETE, AT(0x30));
	assert_true(take(64, 0));
	EXPECT(STACK_CREATOR_ONLY, AT(8), STACK_COMPLETE, AT(0x20));
}

static void without_ancestors_the_go_statement_is_shown(void **state)
{
	put(G + CREATOR + 8, 0);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(8), STACK_COMPLETE, AT(0x20));
}

static void an_unknown_layout_is_reported_as_unknown(void **state)
{
	put(G + CREATOR + 16, GO_FILE_TEXT + 1);
	assert_true(take(64, 10));
	EXPECT(STACK_NO_CREATOR, AT(8));
}

static void a_goroutine_that_nobody_started_has_no_creator(void **state)
{
	assert_true(take(64, 10));
	put(G + CREATOR, 0);
	assert_true(take(64, 10));
	EXPECT(STACK_COMPLETE, AT(8));
}

static void functions_inlined_in_an_ancestor_share_its_frame(void **state)
{
	/* +0x18 is in main.inner, inlined into main.main at +0xf. */
	put(G + CREATOR, GO_FILE_TEXT + 0x19);
	put_ancestor(0, 0, (const uintptr_t[]){GO_FILE_TEXT + 0x19, GO_FILE_TEXT + 0x10}, 2);
	put(SLICE + 8, 1);
	assert_true(take(64, 10));
	EXPECT(STACK_COMPLETE, AT(8), STACK_COMPLETE, AT(0x18));
}

static void nonsense_in_the_ancestry_is_left_out(void **state)
{
	put(INFOS + 40 + 8, UINTPTR_MAX / 8);
	assert_true(take(64, 10));
	EXPECT(STACK_NO_CREATOR, AT(8), STACK_COMPLETE, AT(0x20));

	put(SLICE + 8, 3); /* more than there is room for */
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(8), STACK_COMPLETE, AT(0x20));

	put(G + CREATOR + 8, 0x123450); /* nothing is there */
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(8), STACK_COMPLETE, AT(0x20));
}

static void an_ancestry_without_end_is_cut(void **state)
{
	uintptr_t pcs[200];

	for (size_t i = 0; i < 200; i++)
		pcs[i] = GO_FILE_TEXT + 0x21;
	put(INFOS, 0x60000);
	put(INFOS + 40, 0x60000);
	for (unsigned int i = 0; i < 2; i++) {
		put(INFOS + 40 * i + 8, 200);
		put(INFOS + 40 * i + 16, 200);
	}
	for (size_t i = 0; i < 200; i++)
		put(0x60000 + 8 * i, pcs[i]);
	assert_true(take(64, 10));
	assert_int_equal(stack.count, STACK_DEPTH_MAX);
	assert_int_equal(stack.end, STACK_DEEPER);
}

static void a_stack_ends_where_the_goroutines_memory_does(void **state)
{
	registers.rsp = STACK_END - 0x40;
	put(STACK_END - 0x20, GO_FILE_TEXT + 0x21);
	put(STACK_END + 8, GOEXIT); /* The return address there is not the goroutine's any more. */
	put(G + CREATOR + 8, 0);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(8), AT(0x20), STACK_NO_UNWIND, AT(0x20));
}

static void a_stack_is_no_deeper_than_requested(void **state)
{
	for (uintptr_t at = SP + 0x20; at < STACK_END; at += 0x28)
		put(at, GO_FILE_TEXT + 0x21);
	put(G + CREATOR + 8, 0);
	assert_true(take(2, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(8), AT(0x20), STACK_DEEPER, AT(0x20));
}

static void a_thread_without_a_goroutine_has_a_stack_alone(void **state)
{
	registers.r14 = 0x123450;
	assert_true(take(64, 10));
	EXPECT(STACK_COMPLETE, AT(8));
}

static void code_that_is_not_gos_is_left_to_others(void **state)
{
	registers.rip = 0x500000;
	registers.r14 = 0;
	assert_false(take(64, 10));
}

static void a_return_address_that_was_popped_for_vfork_is_in_its_register(void **state)
{
	registers.rip = GO_FILE_VFORK + 6;
	registers.r12 = GO_FILE_TEXT + 0x21;
	registers.rsp = SP;
	put(G + CREATOR + 8, 0);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x85), AT(0x20), STACK_COMPLETE, AT(0x20));
	registers.r12 = 0x123456;
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x85), STACK_NO_UNWIND, AT(0x20));
}

/* The thread is on its own stack (g0), in runtime.asmcgocall as below C code, and the user's
 * goroutine has left its own code at this place. */
static void leave_goroutine_for_c(uintptr_t left)
{
	registers.rip = GO_FILE_ASMCGOCALL + 9;
	registers.rsp = THREAD_STACK + 0x100;
	registers.r14 = G0;
	put(G0, THREAD_STACK);
	put(G0 + 8, THREAD_STACK + 0x1000);
	put(G0 + 48, M);
	put(G0 + 72, G0);
	put(M + CURRENT, G);
	put(G + 64, left);
	put(G + CREATOR + 8, 0);
}

static void a_switch_with_a_frame_is_left_by_its_table(void **state)
{
	leave_goroutine_for_c(GO_FILE_SYSTEMSTACK_SWITCH + 8);
	put(SP, SP + 0x100); /* the frame pointer */
	put(SP + GO_FILE_SWITCH_FRAME, GO_FILE_TEXT + 0x21);
	put(SP + 16 + 0x20, GOEXIT);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x58), AT(0x20), STACK_COMPLETE, AT(0x20));
}

static void a_switch_without_a_frame_is_left_by_its_table(void **state)
{
	leave_goroutine_for_c(GO_FILE_SYSTEMSTACK_SWITCH);
	put(SP, GO_FILE_TEXT + 0x21);
	put(SP + 8 + 0x20, GOEXIT);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x58), AT(0x20), STACK_COMPLETE, AT(0x20));
}

static void a_goroutine_that_was_not_left_in_go_code_ends_the_stack(void **state)
{
	leave_goroutine_for_c(0x500000);
	put(SP, GO_FILE_TEXT + 0x21);
	assert_true(take(64, 10));
	assert_int_equal(stack.pcs[0], GO_FILE_ASMCGOCALL + 8);
	assert_int_equal(stack.pcs[1], STACK_NO_UNWIND);
}

/* Makes a stack in runtime.cgocallback, called from C. */
static void call_back(uintptr_t left)
{
	registers.rip = GO_FILE_CGOCALLBACK + 9;
	put(SP + 0x20, left);
	put(G + CREATOR + 8, 0);
}

static void a_stack_goes_on_from_a_callback_to_where_go_called_c(void **state)
{
	call_back(GO_FILE_SYSTEMSTACK_SWITCH + 8);
	put(SP + 0x28, SP + 0x100); /* the frame pointer */
	put(SP + 0x28 + GO_FILE_SWITCH_FRAME, GO_FILE_TEXT + 0x21);
	put(SP + 0x38 + 0x20, GOEXIT);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x78), AT(0x20), STACK_COMPLETE, AT(0x20));

	call_back(GO_FILE_SYSTEMSTACK_SWITCH); /* as before Go 1.24 */
	put(SP + 0x28, GO_FILE_TEXT + 0x21);
	put(SP + 0x30 + 0x20, GOEXIT);
	assert_true(take(64, 10));
	EXPECT(STACK_CREATOR_ONLY, AT(0x78), AT(0x20), STACK_COMPLETE, AT(0x20));
}

static void a_callback_by_a_c_thread_whose_stack_is_not_found_is_incomplete(void **state)
{
	call_back(GOEXIT);
	put(SP + 0x28, GO_FILE_TEXT + 0x21); /* left over from an earlier call */
	put(G + CREATOR, 0);
	assert_true(take(64, 10));
	EXPECT(STACK_NO_UNWIND, AT(0x78));
}

static void a_program_that_isnt_go_is_refused(void **state)
{
	int fd = memfd_create("none", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
	errno = 0;
	assert_null(go_program_create(fd, 0));
	assert_int_equal(errno, ENOEXEC);
	close(fd);
}

static void without_net_http_there_is_nothing_to_break_at(void **state)
{
	struct breakpoints breakpoints;
	struct go_http_use use;

	assert_false(go_http_breakpoints(program, &breakpoints));
	assert_int_equal(breakpoints.count, 0);
	assert_false(go_http_use(program, 0, &registers, &fake.memory, &use));
}

#define PROMISE(words, function)                                                                   \
	{                                                                                          \
		.name = words, .test_func = function, .setup_func = begin, .teardown_func = end    \
	}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROMISE("the ancestry follows the stack", the_ancestry_follows_the_stack),
		PROMISE("a function can be stopped at its first instruction",
			a_function_can_be_stopped_at_its_first_instruction),
		PROMISE("no more ancestors are shown than requested",
			no_more_ancestors_are_shown_than_requested),
		PROMISE("without ancestors the go statement is shown",
			without_ancestors_the_go_statement_is_shown),
		PROMISE("an unknown layout is reported as unknown",
			an_unknown_layout_is_reported_as_unknown),
		PROMISE("a goroutine that nobody started has no creator",
			a_goroutine_that_nobody_started_has_no_creator),
		PROMISE("functions inlined in an ancestor share its frame",
			functions_inlined_in_an_ancestor_share_its_frame),
		PROMISE("nonsense in the ancestry is left out",
			nonsense_in_the_ancestry_is_left_out),
		PROMISE("an ancestry without end is cut", an_ancestry_without_end_is_cut),
		PROMISE("a stack ends where the goroutine's memory does",
			a_stack_ends_where_the_goroutines_memory_does),
		PROMISE("a stack is no deeper than requested", a_stack_is_no_deeper_than_requested),
		PROMISE("a thread without a goroutine has a stack alone",
			a_thread_without_a_goroutine_has_a_stack_alone),
		PROMISE("code that is not Go's is left to others",
			code_that_is_not_gos_is_left_to_others),
		PROMISE("a return address that was popped for vfork is in its register",
			a_return_address_that_was_popped_for_vfork_is_in_its_register),
		PROMISE("a switch of stacks with a frame, as since Go 1.24, is left by its table",
			a_switch_with_a_frame_is_left_by_its_table),
		PROMISE("a switch of stacks without a frame, as before, is left by its table",
			a_switch_without_a_frame_is_left_by_its_table),
		PROMISE("a goroutine that was not left in Go code ends the stack",
			a_goroutine_that_was_not_left_in_go_code_ends_the_stack),
		PROMISE("a stack goes on from a callback to where Go called C",
			a_stack_goes_on_from_a_callback_to_where_go_called_c),
		PROMISE("a callback by a C thread whose stack is not found is incomplete",
			a_callback_by_a_c_thread_whose_stack_is_not_found_is_incomplete),
		PROMISE("a program that isn't Go is refused", a_program_that_isnt_go_is_refused),
		PROMISE("without net/http there is nothing to break at",
			without_net_http_there_is_nothing_to_break_at),
	};

	return cmocka_run_group_tests_name("go-stack", tests, NULL, NULL);
}
