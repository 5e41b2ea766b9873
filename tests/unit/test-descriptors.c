// SPDX-License-Identifier: MIT
/* Which numbers are open, also when a seccomp filter of the program's fails some of the calls. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/core/base/descriptors.h"
#include "../skip.h"

enum { OPEN = 300, CLOSED = 301, NUMBERS = 1024, NO_FILTER = 200 };

static int set_up(void **state)
{
	(void)state;
	return dup2(STDIN_FILENO, OPEN) == OPEN && close(CLOSED) != 0 ? 0 : -1;
}

/* Refuses up to four calls with EACCES. */
static bool refuse(const long *numbers, size_t count)
{
	struct sock_filter lines[12] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.len = 1, .filter = lines};

	for (size_t i = 0; i < count; i++) {
		lines[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								    (uint32_t)numbers[i], 0, 1);
		lines[program.len++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES);
	}
	lines[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

/* Checks what a child that is refused these calls returns for an open and for a closed number. */
static void expect(const long *numbers, size_t count, int open, int closed)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		if (!refuse(numbers, count))
			_exit(NO_FILTER);
		_exit((descriptor_open(OPEN) + 1) * 4 + descriptor_open(CLOSED) + 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WEXITSTATUS(status) == NO_FILTER)
		SKIP("no seccomp filter can be set up here");
	assert_int_equal(WEXITSTATUS(status) / 4 - 1, open);
	assert_int_equal(WEXITSTATUS(status) % 4 - 1, closed);
}

static void if_all_calls_are_refused_a_number_is_neither_open_nor_closed(void **state)
{
	static const long calls[] = {SYS_fcntl, SYS_newfstatat, SYS_statx};

	(void)state;
	assert_int_equal(descriptor_open(OPEN), 1);
	assert_int_equal(descriptor_open(CLOSED), 0);
	assert_int_equal(descriptor_open(-1), 0);
	for (size_t count = 0; count < 3; count++)
		expect(calls, count, 1, 0);
	expect(calls, 3, -1, -1);
}

static void note(int fd, void *data)
{
	if (fd < NUMBERS)
		((unsigned char *)data)[fd]++;
}

static bool list_is_right(void)
{
	unsigned char found[NUMBERS] = {0};
	bool right = true;

	descriptors_each(note, found);
	for (int fd = 0; fd < NUMBERS; fd++)
		right = right && found[fd] == (fcntl(fd, F_GETFD) >= 0);
	return right;
}

static void every_open_number_is_listed_once(void **state)
{
	static const long calls[] = {SYS_openat, SYS_getdents64};
	int status;

	(void)state;
	assert_true(list_is_right());
	/* /proc is missing, or its folder can't be read. */
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(!refuse(&calls[i], 1) ? NO_FILTER : !list_is_right());
		assert_int_equal(waitpid(child, &status, 0), child);
		if (WEXITSTATUS(status) == NO_FILTER)
			SKIP("no seccomp filter can be set up here");
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "if all calls are refused, a number is neither open nor closed",
		 .test_func = if_all_calls_are_refused_a_number_is_neither_open_nor_closed,
		 .setup_func = set_up},
		{.name = "every open number is listed once, with /proc and without",
		 .test_func = every_open_number_is_listed_once,
		 .setup_func = set_up},
	};

	return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
}
