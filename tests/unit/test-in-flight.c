// SPDX-License-Identifier: MIT
/*
 * Descriptors that a thread was just receiving when a request for a snapshot interrupted it. The
 * test provides the runtime's state: nothing else of runtime/ is linked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <ucontext.h>

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
enum { BEHIND_CALL = 102, ELSEWHERE = 112, STACK = 64 };

static uintptr_t stack[STACK];

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
	return 0;
}

/* Checks that these numbers and no others are noted, and that they are forgotten afterwards. */
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

static void the_result_of_a_system_call_in_a_hook_is_noted(void **state)
{
	(void)state;
	hook_begins(&stack[8]);
	expect_one(BEHIND_CALL, 7, 7);
	expect_one(BEHIND_CALL, 0, 0);
	/* The call has failed, or has returned something other than a descriptor. */
	expect_one(BEHIND_CALL, -EINTR, -1);
	expect_one(BEHIND_CALL, (long)INT_MAX + 1, -1);
	/* The program counter is in the middle of a function, or at the beginning of a page. */
	expect_one(ELSEWHERE, 7, -1);
	expect_one(0, 7, -1);
}

static void outside_of_hooks_nothing_is_noted(void **state)
{
	static char far[256 * 1024];
	ucontext_t away;

	(void)state;
	expect_one(BEHIND_CALL, 7, -1);
	hook_begins(&stack[8]);
	hook_ends();
	expect_one(BEHIND_CALL, 7, -1);
	/* A longjmp has left the hook: the stack pointer is above its frame, or on another
	 * stack. */
	hook_begins(&stack[8]);
	away = interrupted(BEHIND_CALL, 7, &stack[9]);
	expect(&away, NULL, 0);
	hook_begins(far + sizeof(far) - 1024);
	away = interrupted(BEHIND_CALL, 7, far);
	expect(&away, NULL, 0);
}

static void a_number_that_is_being_recorded_is_noted_wherever_the_thread_is(void **state)
{
	(void)state;
	hook_begins(&stack[8]);
	thread_state.recording = 9 + 1;
	expect_one(ELSEWHERE, -1, 9);
	expect_one(BEHIND_CALL, 3, 9);
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
	ucontext_t returned = interrupted(BEHIND_CALL, 0, hook.below),
		   failed = interrupted(BEHIND_CALL, -EMFILE, hook.below);

	(void)state;
	hook_fills(&hook.filling);
	expect(&returned, pair, 2);
	expect(&failed, NULL, 0);
	/* The two ends are recorded one after the other. */
	thread_state.recording = 11 + 1;
	expect(&failed, (const int[]){11, 11, 12}, 3);
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
	ucontext_t returned = interrupted(BEHIND_CALL, 1, hook.below);

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
	ucontext_t returned = interrupted(BEHIND_CALL, 7, &stack[0]);

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
	assert_int_equal(atomic_load(&wiped.in_flight[40]), 8);
	in_flight_forget(&in_flight);
	assert_int_equal(atomic_load(&wiped.in_flight[40]), 0);
	assert_int_equal(atomic_load(&wiped.in_flight[41]), 1041);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function) {.name = title, .test_func = function, .setup_func = begin}
		TEST("the result of a system call in a hook is noted",
		     the_result_of_a_system_call_in_a_hook_is_noted),
		TEST("outside of hooks nothing is noted", outside_of_hooks_nothing_is_noted),
		TEST("a number that is being recorded is noted wherever the thread is",
		     a_number_that_is_being_recorded_is_noted_wherever_the_thread_is),
		TEST("both ends of a pair are noted", both_ends_of_a_pair_are_noted),
		TEST("descriptors that arrived with a message are noted",
		     descriptors_that_arrived_with_a_message_are_noted),
		TEST("without a free slot nothing is noted", without_a_free_slot_nothing_is_noted),
	};

	return cmocka_run_group_tests_name("in-flight", tests, NULL, NULL);
}
