// SPDX-License-Identifier: MIT
/* Cases of closing. The output has number 9, which no case may close. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include "../programs/newer_kernel.h"
#include "case.h"

static void open_some(void)
{
	for (int fd = 20; fd < 30; fd++)
		dup2(0, fd);
}

static void closes_numbers(void)
{
	int fd = open("/dev/null", O_RDONLY);

	CALL(close(fd));
	CALL(close(fd));
	CALL(close(-1));
	CALL(close(999));
	CALL(close(0x7fffffff));
	CALL(syscall(SYS_close, open("/dev/null", O_RDONLY)));
	CALL(syscall(SYS_close, 999));
}

static void closes_the_standard_ones(void)
{
	CALL(close(0));
	CALL(close(1));
	CALL(close(2));
	CALL(close(2));
	CALL(open("/dev/null", O_RDWR));
	CALL(open("/dev/null", O_RDWR));
	CALL(open("/dev/null", O_RDWR));
	say_open();
}

static void closes_ranges(void)
{
	open_some();
	CALL(close_range(22, 24, 0));
	say_open();
	CALL(close_range(24, 22, 0));
	CALL(close_range(25, 25, 99));
	CALL(close_range(500, 600, 0));
	CALL(close_range(26, ~0u, 0));
	say_open();
	CALL(syscall(SYS_close_range, 20, 21, 0));
	CALL(syscall(SYS_close_range, 21, 20, 0));
	say_open();
}

static void marks_ranges(void)
{
	open_some();
	CALL(close_range(20, ~0u, CLOSE_RANGE_CLOEXEC));
	CALL(fcntl(20, F_GETFD));
	CALL(fcntl(29, F_GETFD));
	say_open();
}

static void *closes_in_a_table_of_its_own(void *data)
{
	CALL(close_range(20, 25, CLOSE_RANGE_UNSHARE));
	say_open();
	return data;
}

static void closes_an_unshared_range(void)
{
	pthread_t thread;

	open_some();
	pthread_create(&thread, NULL, closes_in_a_table_of_its_own, NULL);
	pthread_join(thread, NULL);
	say_open();
	CALL(close_range(20, 25, CLOSE_RANGE_UNSHARE));
	say_open();
}

static void closes_from(void)
{
	open_some();
	closefrom(25);
	say_open();
	closefrom(100);
	closefrom(10);
	say_open();
}

static void closes_all_in_a_loop(void)
{
	int closed = 0;

	open_some();
	for (int fd = 0; fd < 1024; fd++)
		if (fd != 9)
			closed += close(fd) == 0;
	say("closed %d", closed);
	say_open();
}

static void closes_queues(void)
{
	mqd_t queue = mq_open("/fdtrail-closings", O_RDWR | O_CREAT, 0600, NULL);

	mq_unlink("/fdtrail-closings");
	CALL(mq_close(queue));
	CALL(mq_close(queue));
	CALL(mq_close(0));
	CALL(mq_close(-1));
}

static void logs_in(void)
{
	int master, slave, status;

	CALL(login_tty(999));
	CALL(openpty(&master, &slave, NULL, NULL, NULL));
	pid_t pid = fork();
	if (pid == 0) {
		CALL(login_tty(slave));
		say_open();
		say("%d", isatty(0));
		_exit(0);
	}
	CALL(waitpid(pid, &status, 0) == pid);
	say("%d", status);
}

static void forks_into_terminals(void)
{
	int master = -1, status = 0;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid == 0) {
		say("%d %d", isatty(0), isatty(2));
		say_open();
		_exit(3);
	}
	/* Only after the child's end, because before that the order is a race. */
	waitpid(pid, &status, 0);
	say("%d", master);
	say("%d", WEXITSTATUS(status));
}

CASES(closings) = {
	CASE(closes_numbers),
	CASE(closes_the_standard_ones),
	CASE(closes_ranges),
	CASE(marks_ranges),
	CASE(closes_an_unshared_range),
	CASE(closes_from),
	CASE(closes_all_in_a_loop),
	CASE(closes_queues),
	CASE(logs_in),
	CASE(forks_into_terminals),
	CASE_WITHOUT(closes_numbers, "012"),
	CASE_WITHOUT(closes_the_standard_ones, "0"),
	CASE_WITHOUT(closes_ranges, "0"),
	CASE_WITHOUT(closes_all_in_a_loop, "2"),
	CASE_WITHOUT(forks_into_terminals, "02"),
	END_OF_CASES,
};
