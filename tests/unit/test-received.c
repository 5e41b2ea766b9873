// SPDX-License-Identifier: MIT
/* Descriptors that arrived with a message. They are read from a program's memory, which may hold
 * anything. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../in_range.h"
#include "tools/engine/tracer/received_message.h"

enum { PIDFD = 4, NOTHING = 16 };

static struct remote_memory *memory;
static struct received list[RECEIVED_MAX];

static int begin(void **state)
{
	(void)state;
	memory = remote_memory_create(getpid());
	return memory ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	remote_memory_destroy(memory);
	return 0;
}

static union {
	char bytes[1024];
	struct cmsghdr align;
} control;

static struct msghdr message;

static void clear(void)
{
	memset(&control, 0, sizeof(control));
	message = (struct msghdr){.msg_control = control.bytes};
}

/* Adds a control message; size: of its data, however many numbers fds has. */
static struct cmsghdr *add(int level, int type, const int *fds, size_t size)
{
	struct cmsghdr *part = (struct cmsghdr *)(control.bytes + message.msg_controllen);

	*part = (struct cmsghdr){CMSG_LEN(size), level, type};
	memcpy(CMSG_DATA(part), fds, size);
	message.msg_controllen += CMSG_SPACE(size);
	return part;
}

static void expect(const int *fds, size_t count)
{
	assert_int_equal(received_message(memory, (uintptr_t)&message, list), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(list[i].fd, fds[i]);
}

static void all_parts_of_a_message_are_read(void **state)
{
	static const int fds[] = {10, 11, 12, 13, 14, 15};

	(void)state;
	clear();
	/* An odd number of descriptors, so that padding precedes the next control message. */
	add(SOL_SOCKET, SCM_RIGHTS, fds, 3 * sizeof(int));
	add(SOL_SOCKET, PIDFD, fds + 3, sizeof(int));
	add(SOL_SOCKET, SCM_RIGHTS, fds + 4, 2 * sizeof(int));
	expect(fds, 6);
	assert_int_equal(list[0].kind, FD_UNKNOWN);
	assert_int_equal(list[3].kind, FD_PIDFD);
	assert_int_equal(list[4].kind, FD_UNKNOWN);
}

static void data_that_is_no_descriptor_is_left_out(void **state)
{
	static const int numbers[] = {1, 2, 3};

	(void)state;
	clear();
	add(SOL_SOCKET, SCM_CREDENTIALS, numbers, sizeof(numbers));
	add(SOL_SOCKET + 1, SCM_RIGHTS, numbers, sizeof(numbers));
	expect(NULL, 0);
	add(SOL_SOCKET, SCM_RIGHTS, numbers, sizeof(int));
	expect(numbers, 1);
}

static void lengths_are_checked(void **state)
{
	static const int fds[] = {10, 11, 12};
	struct cmsghdr *part;

	(void)state;
	for (size_t length = 0; length < 64; length++) {
		clear();
		part = add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
		part->cmsg_len = length;
		/* Nothing after the end of the existing message is read. */
		assert_uint_in_range(received_message(memory, (uintptr_t)&message, list), 0, 4);
	}
	part->cmsg_len = SIZE_MAX;
	expect(NULL, 0);
	part->cmsg_len = sizeof(control) + 1;
	expect(NULL, 0);
	/* The program's own buffer cuts the message. */
	clear();
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
	message.msg_controllen = CMSG_LEN(sizeof(fds)) - 1;
	expect(NULL, 0);
	message.msg_controllen = 3;
	expect(NULL, 0);
}

static void memory_that_cant_be_read_yields_nothing(void **state)
{
	(void)state;
	clear();
	assert_int_equal(received_message(memory, NOTHING, list), 0);
	assert_int_equal(received_message(NULL, (uintptr_t)&message, list), 0);
	message.msg_control = (void *)NOTHING;
	message.msg_controllen = 64;
	expect(NULL, 0);
}

static void room_for_one_number_is_enough_for_one(void **state)
{
	(void)state;
	clear();
	message.msg_controllen = CMSG_LEN(sizeof(int));
	assert_int_equal(received_has_room(memory, (uintptr_t)&message), 1);
	message.msg_controllen--;
	assert_int_equal(received_has_room(memory, (uintptr_t)&message), 0);
	message = (struct msghdr){.msg_controllen = 100};
	assert_int_equal(received_has_room(memory, (uintptr_t)&message), 0);
	assert_int_equal(received_has_room(memory, NOTHING), -1);
	assert_int_equal(received_has_room(NULL, (uintptr_t)&message), -1);
}

static void several_messages_are_read_in_order(void **state)
{
	static const int fds[] = {10, 11, 12};
	struct mmsghdr messages[3] = {{{0}, 0}};

	(void)state;
	clear();
	add(SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
	messages[0].msg_hdr = messages[2].msg_hdr = message;
	assert_int_equal(received_messages(memory, (uintptr_t)messages, 3, list), 6);
	assert_int_equal(list[3].fd, 10);
	assert_int_equal(received_messages(memory, (uintptr_t)messages, 2, list), 3);
	assert_int_equal(received_messages(memory, (uintptr_t)messages, 0, list), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		TEST("all parts of a message are read", all_parts_of_a_message_are_read),
		TEST("data that is no descriptor is left out",
		     data_that_is_no_descriptor_is_left_out),
		TEST("lengths are checked", lengths_are_checked),
		TEST("memory that can't be read yields nothing",
		     memory_that_cant_be_read_yields_nothing),
		TEST("room for one number is enough for one",
		     room_for_one_number_is_enough_for_one),
		TEST("several messages are read in order", several_messages_are_read_in_order),
	};

	return cmocka_run_group_tests_name("received", tests, NULL, NULL);
}
