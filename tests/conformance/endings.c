// SPDX-License-Identifier: MIT
/* Cases of a program's end: its status, and what runs at the end, in which order. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "case.h"

static bool registered;

static void says_first(void)
{
	say("first registered, last called");
}

static void says_second(void)
{
	say("second registered");
}

static void says_with_status(int status, void *data)
{
	say("on_exit %d %s", status, (const char *)data);
}

__attribute__((destructor)) static void says_destructor(void)
{
	if (registered)
		say("destructor");
}

static void registers(void)
{
	registered = true;
	(void)open("/dev/null", O_RDONLY); /* a leak to report */
	atexit(says_first);
	on_exit(says_with_status, (void *)"data");
	atexit(says_second);
	at_quick_exit(says_second);
	at_quick_exit(says_first);
}

#define ENDS(name, call)                                                                           \
	static void ends_by_##name(void)                                                           \
	{                                                                                          \
		registers();                                                                       \
		call;                                                                              \
	}
ENDS(return, (void)0)
ENDS(exit, exit(5))
ENDS(exit_large, exit(0x1234))
ENDS(exit_negative, exit(-1))
ENDS(_exit, _exit(6))
ENDS(_Exit, _Exit(7))
ENDS(quick_exit, quick_exit(8))
ENDS(syscall, syscall(SYS_exit_group, 9))
ENDS(abort, abort())
ENDS(signal, raise(SIGTERM))
ENDS(interrupt, kill(getpid(), SIGINT))
ENDS(hangup, raise(SIGHUP))
ENDS(kill, raise(SIGKILL))
ENDS(segv, raise(SIGSEGV))
ENDS(pipe, raise(SIGPIPE))

static void exits_again(void)
{
	exit(11);
}

static void ends_by_exit_in_a_handler(void)
{
	registers();
	atexit(exits_again);
	exit(5);
}

static void *exits(void *data)
{
	exit(12);
	return data;
}

static void ends_by_exit_in_a_thread(void)
{
	pthread_t thread;

	registers();
	pthread_create(&thread, NULL, exits, NULL);
	pthread_join(thread, NULL);
}

static pthread_t first;

static void *outlives(void *data)
{
	pthread_join(first, NULL);
	say("the first thread is gone");
	return data;
}

static void ends_by_the_last_thread(void)
{
	pthread_t thread;

	registers();
	first = pthread_self();
	pthread_create(&thread, NULL, outlives, NULL);
	pthread_exit(NULL);
}

static void opens_at_the_end(void)
{
	say("%d", open("/dev/null", O_RDONLY));
}

static void ends_with_an_open_in_a_handler(void)
{
	atexit(opens_at_the_end);
	exit(13);
}

CASES(endings) = {
	CASE(ends_by_return),
	CASE(ends_by_exit),
	CASE(ends_by_exit_large),
	CASE(ends_by_exit_negative),
	CASE(ends_by__exit),
	CASE(ends_by__Exit),
	CASE(ends_by_quick_exit),
	CASE(ends_by_syscall),
	CASE(ends_by_abort),
	CASE(ends_by_signal),
	CASE(ends_by_interrupt),
	CASE(ends_by_hangup),
	CASE(ends_by_kill),
	CASE(ends_by_segv),
	CASE(ends_by_pipe),
	CASE(ends_by_exit_in_a_handler),
	CASE(ends_by_exit_in_a_thread),
	CASE(ends_by_the_last_thread),
	CASE(ends_with_an_open_in_a_handler),
	CASE_WITHOUT(ends_by_exit, "012"),
	CASE_WITHOUT(ends_by_return, "2"),
	END_OF_CASES,
};
