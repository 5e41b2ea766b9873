// SPDX-License-Identifier: MIT
/* Stacks of this process: which frames a capture leaves out, what it remembers, and that it
 * changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/core/base/find_object.h"
#include "preload/core/capture/capture.h"

enum { DEPTH = 64, PAGE = 4096 };

static struct arena arena;
static struct ledger ledger;
static struct capture capture;
static struct stack_bounds bounds;
static struct local_memory memory;
static struct walk walk;

static int set_up(void **state)
{
	(void)state;
	return ledger_init(&ledger, &arena) && capture_init(&capture, &ledger, DEPTH, "test-walk")
		       ? 0
		       : -1;
}

static struct registers caller_of(const void *frame)
{
	const uintptr_t *record = frame;

	return (struct registers){record[1], (uintptr_t)(record + 2), record[0]};
}

static __attribute__((noinline)) uint32_t take(void)
{
	return capture_stack(&capture, caller_of(__builtin_frame_address(0)), &bounds).stack;
}

static void walk_from(struct registers registers)
{
	local_memory_init(&memory);
	walk.memory = &memory.memory;
	walk.registers = registers;
	walk.depth = STACK_DEPTH_MAX;
	unwinder_walk(&walk);
}

/* Code of fdtrail's that stands between frames of the program, as a signal handler does. */
extern const char __start_own_code[], __stop_own_code[];

static __attribute__((noinline, section("own_code"))) uint32_t take_through_own_code(void)
{
	uint32_t stack = take();

	__asm__ volatile("");
	return stack;
}

static void our_own_frames_are_left_out(void **state)
{
	struct stack_view all, rest;

	(void)state;
	assert_true(stack_table_view(&ledger.stacks, take_through_own_code(), &all));
	capture.own_start = (uintptr_t)__start_own_code;
	capture.own_end = (uintptr_t)__stop_own_code;
	memo_forget(&capture.memo);
	assert_true(stack_table_view(&ledger.stacks, take_through_own_code(), &rest));
	assert_int_equal(rest.depth, all.depth - 1);
	/* The caller and all frames after it. The caller's own frame differs, because the call
	 * is at another place. */
	assert_memory_equal(rest.frames + 1, all.frames + 2,
			    (rest.depth - 1) * sizeof(*rest.frames));
}

static void what_is_taken_during_a_dlclose_is_not_remembered(void **state)
{
	struct registers registers = caller_of(__builtin_frame_address(0));

	(void)state;
	capture_before_dlclose(&capture);
	assert_true(capture_stack(&capture, registers, &bounds).stack >= STACK_FIRST);
	atomic_store(&capture.closers, 0);
	assert_int_equal(capture_known(&capture, registers, &bounds).stack, STACK_NONE);
	assert_true(capture_stack(&capture, registers, &bounds).stack >= STACK_FIRST);
	assert_true(capture_known(&capture, registers, &bounds).stack >= STACK_FIRST);
}

static void signals_are_blocked_no_longer_than_the_walk(void **state)
{
	sigset_t set, after;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_SETMASK, &set, NULL);
	take();
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int number = 1; number < 32; number++)
		assert_int_equal(sigismember(&after, number), number == SIGUSR2);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* A function that is interrupted at its first instruction. */
void faults_at_once(void);
__asm__(".text\n"
	"	nop\n"
	".globl faults_at_once\n"
	".type faults_at_once, @function\n"
	"faults_at_once:\n"
	"	.cfi_startproc\n"
	"	ud2\n"
	"	ret\n"
	"	.cfi_endproc\n"
	".size faults_at_once, . - faults_at_once\n");

static sigjmp_buf back;

static void walks_and_leaves(int number)
{
	(void)number;
	walk_from(caller_of(__builtin_frame_address(0)));
	siglongjmp(back, 1);
}

static bool has(uintptr_t pc)
{
	for (uint32_t i = 0; i < walk.count; i++)
		if (walk.pcs[i] == pc)
			return true;
	return false;
}

static void interrupt(int flags)
{
	struct sigaction action = {.sa_handler = walks_and_leaves, .sa_flags = flags}, saved;

	sigaction(SIGILL, &action, &saved);
	if (sigsetjmp(back, 1) == 0)
		faults_at_once();
	sigaction(SIGILL, &saved, NULL);
}

static void an_interrupted_instruction_is_no_call(void **state)
{
	(void)state;
	interrupt(0);
	assert_true(has((uintptr_t)faults_at_once));
	assert_true(walk.repeatable);
}

/* The handler's stack lies above the frames that it interrupts. */
static __attribute__((noinline)) void interrupt_below(char *handlers, size_t size)
{
	stack_t alternate = {.ss_sp = handlers, .ss_size = size}, saved;

	assert_true((uintptr_t)__builtin_frame_address(0) < (uintptr_t)handlers);
	sigaltstack(&alternate, &saved);
	interrupt(SA_ONSTACK);
	sigaltstack(&saved, NULL);
}

static void words_on_another_stack_are_read_again_each_time(void **state)
{
	static char elsewhere[256 * 1024];
	char *here = __builtin_alloca(sizeof(elsewhere));

	(void)state;
	interrupt_below(here, sizeof(elsewhere));
	assert_true(has((uintptr_t)faults_at_once));
	assert_false(walk.repeatable);

	stack_t alternate = {.ss_sp = elsewhere, .ss_size = sizeof(elsewhere)}, saved;
	sigaltstack(&alternate, &saved);
	interrupt(SA_ONSTACK);
	sigaltstack(&saved, NULL);
	assert_true(has((uintptr_t)faults_at_once));
	assert_false(walk.repeatable);
}

static void a_word_is_read_only_if_all_of_it_is_mapped(void **state)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t word = 0;

	(void)state;
	assert_true(pages != MAP_FAILED);
	memset(pages, 0x5a, 2 * PAGE);
	local_memory_init(&memory);
	assert_true(memory.memory.read(&memory.memory, (uintptr_t)pages + PAGE - 4, &word));
	assert_int_equal(word, UINT64_C(0x5a5a5a5a5a5a5a5a));
	assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	local_memory_init(&memory);
	assert_false(memory.memory.read(&memory.memory, (uintptr_t)pages + PAGE - 4, &word));
	assert_false(memory.memory.read(&memory.memory, (uintptr_t)pages + PAGE, &word));
	assert_true(memory.memory.read(&memory.memory, (uintptr_t)pages + PAGE - 8, &word));
	assert_false(memory.memory.read(&memory.memory, 0, &word));
	munmap(pages, 2 * PAGE);
}

static bool is_constant(const struct object *object, const void *address)
{
	for (unsigned int i = 0; i < object->constants; i++)
		if ((uintptr_t)address >= object->constant[i].start &&
		    (uintptr_t)address < object->constant[i].end)
			return true;
	return false;
}

static void writable_memory_does_not_count_as_constant(void **state)
{
	static int data = 1;
	static const char text[] = "constant";
	struct object object;

	(void)state;
	find_object_start();
	local_memory_init(&memory);
	assert_true(memory.memory.find(&memory.memory, (uintptr_t)faults_at_once, &object));
	assert_true(object.is_main);
	assert_true((uintptr_t)&data >= object.start && (uintptr_t)&data < object.end);
	assert_true(is_constant(&object, (const void *)(uintptr_t)faults_at_once));
	assert_true(is_constant(&object, text));
	assert_false(is_constant(&object, &data));
	assert_false(memory.memory.find(&memory.memory, 16, &object));
}

/* This is the last test, because libunwind is switched off from here on. */
static void a_child_repairs_what_a_thread_was_changing(void **state)
{
	frame_t frame = FRAME_MAKE(MODULE_NONE, 0x1234);
	uint32_t stack = stack_table_intern(&ledger.stacks, &frame, 1, STACK_COMPLETE);

	(void)state;
	capture_before_dlclose(&capture);
	atomic_store(&capture.unlooked, 1);
	/* Another thread walks, and has just begun to change the table. */
	atomic_store(&capture.lock, CAPTURE_WALKING | 400);
	ledger.stacks.head = NULL;
	capture_forked(&capture);
	assert_int_equal(stack_table_intern(&ledger.stacks, &frame, 1, STACK_COMPLETE), stack);
	assert_int_equal(atomic_load(&capture.closers), 0);
	assert_int_equal(atomic_load(&capture.unlooked), 0);
	assert_int_equal(atomic_load(&capture.lock), CAPTURE_FREE);
	assert_false(unwinder_usable());
	assert_true(take() >= STACK_FIRST);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function) {.name = title, .test_func = function, .setup_func = set_up}
		TEST("our own frames are left out", our_own_frames_are_left_out),
		TEST("a stack that is taken during a dlclose is not remembered",
		     what_is_taken_during_a_dlclose_is_not_remembered),
		TEST("signals are blocked no longer than the walk",
		     signals_are_blocked_no_longer_than_the_walk),
		TEST("an interrupted instruction is no call",
		     an_interrupted_instruction_is_no_call),
		TEST("words on another stack are read again each time",
		     words_on_another_stack_are_read_again_each_time),
		TEST("a word is read only if all of it is mapped",
		     a_word_is_read_only_if_all_of_it_is_mapped),
		TEST("writable memory does not count as constant",
		     writable_memory_does_not_count_as_constant),
		TEST("a child repairs what a thread was changing",
		     a_child_repairs_what_a_thread_was_changing),
	};

	if (!unwinder_load("")) {
		print_message("1..0 # SKIP libunwind can't be loaded\n");
		return 0;
	}
	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
