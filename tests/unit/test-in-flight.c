// SPDX-License-Identifier: MIT
/*
 * The descriptors in flight of a thread that a request for a snapshot has interrupted. The
 * runtime's own state is the test's here: nothing else of runtime/ is linked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <ucontext.h>
#include <unistd.h>

#include "preload/libc/received_fds.h"
#include "preload/runtime/in_flight.h"
#include "preload/runtime/runtime.h"

static struct wiped wiped;
struct runtime runtime = {.wiped = &wiped};
_Thread_local struct thread_state thread_state;

/* The same as in preload/hooks/recvmsg.c: only descriptors of SCM_RIGHTS. */
void received_each(struct msghdr *message, void (*each)(int fd, bool is_pidfd, void *data),
		   void *data)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part))
		for (size_t i = 0; i + sizeof(int) <= part->cmsg_len - CMSG_LEN(0);
		     i += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i, sizeof(fd));
			each(fd, false, data);
		}
}

/* The instruction of a system call with the bytes before it, and other instructions. */
static const uint8_t code[4096]
	__attribute__((aligned(4096))) = {[100] = 0x0f, [101] = 0x05, [110] = 0x90};
enum { AT_CALL = 100, AFTER_CALL = 102, ELSEWHERE = 112, STACK = 64, CLOSED = 999 };

static uintptr_t stack[STACK];
static int opened; /* open, and without a record */

static ucontext_t interrupted(size_t place, long result, const void *sp)
{
	ucontext_t state;

	memset(&state, 0, sizeof(state));
	state.uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)&code[place];
	state.uc_mcontext.gregs[REG_RAX] = result;
	state.uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)sp;
	return state;
}

static int begin(void **state)
{
	(void)state;
	memset(&wiped, 0, sizeof(wiped));
	memset(&thread_state, 0, sizeof(thread_state));
	memset(stack, 0, sizeof(stack));
	memset(&runtime.ledger, 0, sizeof(runtime.ledger));
	memset(&runtime.arena, 0, sizeof(runtime.arena));
	assert_true(ledger_init(&runtime.ledger, &runtime.arena));
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		ledger_opened(&runtime.ledger, fd, &(struct ledger_entry){.origin = FD_INHERITED});
	opened = eventfd(0, EFD_CLOEXEC);
	assert_true(opened > STDERR_FILENO);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return close(opened);
}

/* These numbers and no others are noted, then forgotten. */
static void expect(const ucontext_t *state, const int *fds, int count)
{
	struct in_flight in_flight;

	in_flight_note(&in_flight, state);
	assert_int_equal(in_flight.count, count);
	for (int i = 0; i < SNAPSHOT_IN_FLIGHT_MAX; i++)
		assert_int_equal(atomic_load(&wiped.in_flight[i]), i < count ? fds[i] + 1 : 0);
	in_flight_forget(&in_flight);
	for (int i = 0; i < SNAPSHOT_IN_FLIGHT_MAX; i++)
		assert_int_equal(atomic_load(&wiped.in_flight[i]), 0);
}

static void expect_one(size_t place, long result, int fd)
{
	ucontext_t state = interrupted(place, result, &stack[0]);

	expect(&state, &fd, fd >= 0);
}

static void the_number_is_noted_wherever_it_is(void **state)
{
	uintptr_t object[8] = {[5] = (uintptr_t)opened};
	ucontext_t held;

	(void)state;
	hook_begins(&stack[8]);
	expect_one(AFTER_CALL, opened, opened);
	expect_one(ELSEWHERE, opened, opened);
	/* In a register that is not the result's. */
	held = interrupted(ELSEWHERE, -1, &stack[0]);
	held.uc_mcontext.gregs[REG_R12] = opened;
	expect(&held, &opened, 1);
	/* In the stack: either half of a word. */
	stack[3] = (uintptr_t)opened;
	expect_one(ELSEWHERE, -1, opened);
	stack[3] = (uintptr_t)opened << 32;
	expect_one(ELSEWHERE, -1, opened);
	/* In the caller's. */
	stack[3] = 0;
	stack[8] = (uintptr_t)opened;
	expect_one(ELSEWHERE, -1, -1);
	/* In an object, as fopen(3) makes one. */
	held = interrupted(ELSEWHERE, (long)object, &stack[0]);
	expect(&held, &opened, 1);
}

static void what_is_not_open_or_has_a_record_is_not_noted(void **state)
{
	(void)state;
	hook_begins(&stack[8]);
	expect_one(AFTER_CALL, CLOSED, -1);
	expect_one(AFTER_CALL, -EMFILE, -1);
	expect_one(AFTER_CALL, (long)INT_MAX + 1, -1);
	ledger_opened(&runtime.ledger, opened, &(struct ledger_entry){.kind = FD_EVENTFD});
	expect_one(AFTER_CALL, opened, -1);
	thread_state.recording = (uint32_t)opened + 1;
	expect_one(ELSEWHERE, -1, -1);
}

/* Else a thread that waits in accept(2) would hide this number in each snapshot. */
static void a_thread_that_waits_in_its_call_notes_nothing(void **state)
{
	ucontext_t waits = interrupted(AFTER_CALL, -EINTR, &stack[0]);

	(void)state;
	hook_begins(&stack[8]);
	stack[3] = (uintptr_t)opened;
	expect(&waits, NULL, 0);
	waits.uc_mcontext.gregs[REG_RDI] = opened;
	expect(&waits, NULL, 0);
	/* With SA_RESTART it is made again. */
	expect_one(AT_CALL, opened, -1);
	/* This number is no answer of a call. */
	expect_one(ELSEWHERE, -EINTR, opened);
}

static void outside_of_hooks_nothing_is_noted(void **state)
{
	static char far[256 * 1024];
	ucontext_t away;

	(void)state;
	expect_one(AFTER_CALL, opened, -1);
	hook_begins(&stack[8]);
	hook_ends();
	expect_one(AFTER_CALL, opened, -1);
	/* The hook was left by longjmp: the stack is shorter, or another one. */
	hook_begins(&stack[8]);
	away = interrupted(AFTER_CALL, opened, &stack[9]);
	expect(&away, NULL, 0);
	hook_begins(far + sizeof(far) - 1024);
	away = interrupted(AFTER_CALL, opened, far);
	expect(&away, NULL, 0);
}

static void a_number_that_is_being_recorded_is_noted_wherever_the_thread_is(void **state)
{
	(void)state;
	hook_begins(&stack[8]);
	thread_state.recording = 9 + 1;
	expect_one(ELSEWHERE, -1, 9);
	expect_one(AFTER_CALL, opened, 9);
	expect_one(AT_CALL, opened, 9);
}

/* The frame of a hook, and below it the frames of the functions that it calls. */
struct hook {
	uintptr_t below[STACK];
	struct awaited filling;
};

static void both_ends_of_a_pair_are_noted(void **state)
{
	int pair[2] = {11, 12};
	struct hook hook = {.filling = {AWAITED_PAIR, pair}};
	ucontext_t returned = interrupted(AFTER_CALL, 0, hook.below),
		   waits = interrupted(AFTER_CALL, -EINTR, hook.below),
		   away = interrupted(ELSEWHERE, -1, hook.below);

	(void)state;
	hook_fills(&hook.filling);
	expect(&returned, pair, 2);
	expect(&away, pair, 2);
	expect(&waits, NULL, 0);
	/* Recorded one after the other. */
	thread_state.recording = 12 + 1;
	expect(&waits, (const int[]){12, 11}, 2);
}

static void a_number_that_a_call_stores_is_noted(void **state)
{
	int stored[2] = {11, 12};
	struct hook hook = {.filling = {AWAITED_ONE, stored}};
	ucontext_t returned = interrupted(AFTER_CALL, 0, hook.below),
		   waits = interrupted(AFTER_CALL, -EINTR, hook.below);

	(void)state;
	hook_fills(&hook.filling);
	expect(&returned, stored, 1);
	expect(&waits, NULL, 0);
}

static void descriptors_that_arrived_with_a_message_are_noted(void **state)
{
	union {
		char bytes[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	const int fds[] = {20, 21, 22};
	struct msghdr message = {.msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct hook hook = {.filling = {AWAITED_MESSAGE, &message}};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	ucontext_t returned = interrupted(AFTER_CALL, 1, hook.below);

	(void)state;
	*part = (struct cmsghdr){CMSG_LEN(sizeof(fds)), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(part), fds, sizeof(fds));
	hook_fills(&hook.filling);
	expect(&returned, fds, 3);
	/* Memory that can't be read yields no descriptors, and no crash. */
	message.msg_control = (void *)16;
	expect(&returned, NULL, 0);
	hook.filling.filled = (void *)16;
	expect(&returned, NULL, 0);
}

static void without_a_free_slot_nothing_is_noted(void **state)
{
	struct in_flight in_flight;
	ucontext_t returned = interrupted(AFTER_CALL, opened, &stack[0]);

	(void)state;
	hook_begins(&stack[8]);
	for (int i = 0; i < SNAPSHOT_IN_FLIGHT_MAX; i++)
		atomic_store(&wiped.in_flight[i], 1000 + i);
	in_flight_note(&in_flight, &returned);
	assert_int_equal(in_flight.count, 0);
	/* One slot becomes free. */
	atomic_store(&wiped.in_flight[40], 0);
	in_flight_note(&in_flight, &returned);
	assert_int_equal(in_flight.count, 1);
	assert_int_equal(atomic_load(&wiped.in_flight[40]), opened + 1);
	in_flight_forget(&in_flight);
	assert_int_equal(atomic_load(&wiped.in_flight[40]), 0);
	assert_int_equal(atomic_load(&wiped.in_flight[41]), 1041);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		TEST("the number is noted wherever it is: in a register, in the stack, in an "
		     "object",
		     the_number_is_noted_wherever_it_is),
		TEST("what is not open or has a record is not noted",
		     what_is_not_open_or_has_a_record_is_not_noted),
		TEST("a thread that waits in its call notes nothing",
		     a_thread_that_waits_in_its_call_notes_nothing),
		TEST("outside of hooks nothing is noted", outside_of_hooks_nothing_is_noted),
		TEST("a number that is being recorded is noted wherever the thread is",
		     a_number_that_is_being_recorded_is_noted_wherever_the_thread_is),
		TEST("both ends of a pair are noted", both_ends_of_a_pair_are_noted),
		TEST("a number that a call stores is noted", a_number_that_a_call_stores_is_noted),
		TEST("descriptors that arrived with a message are noted",
		     descriptors_that_arrived_with_a_message_are_noted),
		TEST("without a free slot nothing is noted", without_a_free_slot_nothing_is_noted),
	};

	return cmocka_run_group_tests_name("in-flight", tests, NULL, NULL);
}
