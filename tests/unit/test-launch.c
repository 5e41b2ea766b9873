// SPDX-License-Identifier: MIT
/*
 * Signals between other processes, `fdtrail run` and the program. A child of this process runs
 * another one as `fdtrail run` does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/run/launch.h"

enum { SIGNALS = 65, MOST_MS = 5000, LAST = 50, ENDS = 51, SENDS = 52 };

/* Memory that all three processes share. */
static struct shared {
	_Atomic int program;
	_Atomic int sent, settled;
	_Atomic int got[SIGNALS];
	_Atomic int value[SIGNALS];
} * shared;

static pid_t runner;

/* Sends signals as the program, and as a process of the program's, which stays until the runner
 * has had time to look up the sender. */
static void send_to_runner(void)
{
	int parent = getppid();

	kill(parent, SIGTERM);
	if (fork() != 0)
		return;
	kill(parent, SIGHUP);
	shared->sent = 1;
	while (!shared->settled)
		nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
	_exit(0);
}

static void note(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SENDS)
		send_to_runner();
	shared->value[number] = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
	shared->got[number]++;
	if (number == ENDS)
		_exit(7);
}

static void nothing(void *data)
{
	(void)data;
}

static int be_program(void *data, int told)
{
	struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};

	(void)data;
	sigfillset(&action.sa_mask); /* one handler at a time, the lower numbers first */
	for (int number = 1; number < SIGNALS; number++)
		sigaction(number, &action, NULL);
	close(told);
	shared->program = getpid();
	for (;;)
		pause();
	return 0;
}

static void be_runner(void)
{
	struct launch launch = {.signals = -1};
	int status;

	if (launch_prepare(&launch) != 0 || launch_start(&launch, be_program, NULL) != 0)
		_exit(99);
	status = launch_wait(&launch, -1, nothing, NULL);
	launch_finish(&launch);
	_exit(launch_exit_status(status));
}

static bool runner_has_ended(void)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)runner, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == runner;
}

/* Waits until *value is at least that, at most MOST_MS. */
static bool comes_to(_Atomic int *value, int least)
{
	for (int i = 0; i < MOST_MS && *value < least && !runner_has_ended(); i++)
		nanosleep(&(struct timespec){.tv_nsec = 1000 * 1000}, NULL);
	return *value >= least;
}

static bool comes(_Atomic int *value)
{
	return comes_to(value, 1);
}

static int terminal = -1; /* the runner is in its foreground */

static int start(bool at_terminal)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	runner = at_terminal ? forkpty(&terminal, NULL, NULL, NULL) : fork();
	if (runner == 0)
		be_runner();
	return runner > 0 && comes(&shared->program) ? 0 : -1;
}

static int begin(void **state)
{
	(void)state;
	return start(false);
}

static int begin_at_terminal(void **state)
{
	(void)state;
	return start(true);
}

/* Waits for the runner, whose program has ended; returns its exit status. */
static int exit_status(void)
{
	int status;

	assert_int_equal(waitpid(runner, &status, 0), runner);
	assert_true(WIFEXITED(status));
	runner = 0;
	return WEXITSTATUS(status);
}

static int end(void **state)
{
	(void)state;
	shared->settled = 1;
	if (runner > 0) {
		kill(shared->program, SIGKILL);
		exit_status();
	}
	if (terminal >= 0)
		close(terminal);
	terminal = -1;
	return munmap(shared, sizeof(*shared));
}

static void a_signal_from_elsewhere_reaches_the_program_once(void **state)
{
	const int numbers[] = {SIGQUIT, SIGINT, SIGTERM, SIGHUP,   SIGUSR1, SIGUSR2,     SIGALRM,
			       SIGPIPE, SIGIO,  SIGPWR,  SIGWINCH, SIGURG,  SIGRTMIN + 3};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		assert_int_equal(kill(runner, numbers[i]), 0);
		if (!comes(&shared->got[numbers[i]]))
			fail_msg("signal %d has not come", numbers[i]);
	}
	/* All earlier signals have been handled by then, because lower numbers are delivered
	 * first. */
	assert_int_equal(kill(runner, LAST), 0);
	assert_true(comes(&shared->got[LAST]));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		assert_int_equal(shared->got[numbers[i]], 1);
}

static void what_the_terminal_sends_to_all_comes_once(void **state)
{
	enum { TIMES = 20 };
	static const struct {
		int number;
		char key;
	} rows[] = {{SIGINT, 'C' - '@'}, {SIGQUIT, '\\' - '@'}};
	enum { ROWS = sizeof(rows) / sizeof(*rows) };

	(void)state;
	/* Many rounds, each waited for, because a second signal is lost while the first one is
	 * pending. */
	for (int times = 1; times <= TIMES; times++)
		for (size_t i = 0; i < ROWS; i++) {
			assert_int_equal(write(terminal, &rows[i].key, 1), 1);
			assert_true(comes_to(&shared->got[rows[i].number], times));
		}
	assert_int_equal(kill(runner, LAST), 0);
	assert_true(comes(&shared->got[LAST]));
	for (size_t i = 0; i < ROWS; i++)
		assert_int_equal(shared->got[rows[i].number], TIMES);
}

static void a_value_stays_with_its_signal(void **state)
{
	(void)state;
	assert_int_equal(sigqueue(runner, SIGUSR1, (union sigval){.sival_int = 4711}), 0);
	assert_true(comes(&shared->got[SIGUSR1]));
	assert_int_equal(shared->value[SIGUSR1], 4711);
}

static void a_signal_from_the_program_does_not_come_back_to_it(void **state)
{
	(void)state;
	/* SIGTERM from the program to the runner, and SIGHUP from a process that the program
	 * started, are not passed on. */
	assert_int_equal(kill(shared->program, SENDS), 0);
	assert_true(comes(&shared->sent));
	assert_int_equal(kill(runner, LAST), 0);
	assert_true(comes(&shared->got[LAST]));
	shared->settled = 1;
	assert_int_equal(shared->got[SIGTERM], 0);
	assert_int_equal(shared->got[SIGHUP], 0);
	/* A signal from elsewhere is passed on. */
	assert_int_equal(kill(runner, SIGTERM), 0);
	assert_true(comes(&shared->got[SIGTERM]));
}

static void the_programs_exit_status_is_returned(void **state)
{
	(void)state;
	assert_int_equal(kill(shared->program, ENDS), 0);
	assert_int_equal(exit_status(), 7);
}

static void the_signal_that_ended_the_program_is_returned(void **state)
{
	(void)state;
	assert_int_equal(kill(shared->program, SIGKILL), 0);
	assert_int_equal(exit_status(), LAUNCH_SIGNALLED + SIGKILL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define TEST(title, function)                                                                      \
	{.name = title, .test_func = function, .setup_func = begin, .teardown_func = end}
		TEST("a signal from elsewhere reaches the program, once",
		     a_signal_from_elsewhere_reaches_the_program_once),
		{.name = "a signal that the terminal sends to the whole group reaches the program "
			 "once",
		 .test_func = what_the_terminal_sends_to_all_comes_once,
		 .setup_func = begin_at_terminal,
		 .teardown_func = end},
		TEST("a value stays with its signal", a_value_stays_with_its_signal),
		TEST("a signal from the program does not come back to it",
		     a_signal_from_the_program_does_not_come_back_to_it),
		TEST("the program's exit status is returned", the_programs_exit_status_is_returned),
		TEST("the signal that ended the program is returned",
		     the_signal_that_ended_the_program_is_returned),
	};

	return cmocka_run_group_tests_name("launch", tests, NULL, NULL);
}
