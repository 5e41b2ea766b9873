// SPDX-License-Identifier: MIT
/*
 * Two threads fork at once: a fork handler of the program's holds up the first one until the second
 * has forked and returned. Prints how many signals each has blocked afterwards: none.
 *
 * The handler is registered before any library is initialized, so it runs between the tracer's own
 * handler and the fork.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int first_is_held[2], second_is_through[2];
static _Thread_local int is_first;

static void prepare(void)
{
	char byte;

	if (is_first &&
	    (write(first_is_held[1], "", 1) != 1 || read(second_is_through[0], &byte, 1) != 1))
		_exit(1);
}

static void begin(void)
{
	pthread_atfork(prepare, NULL, NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = begin;

static int blocked(void)
{
	sigset_t mask;
	int count = 0;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	for (int i = 1; i < SIGRTMAX; i++)
		count += sigismember(&mask, i) == 1;
	return count;
}

static void forks(int *count)
{
	if (fork() == 0)
		_exit(0);
	*count = blocked();
}

static void *first_thread(void *data)
{
	is_first = 1;
	forks(data);
	return NULL;
}

int main(void)
{
	int first = -1, second = -1;
	pthread_t thread;
	char byte;

	if (pipe(first_is_held) != 0 || pipe(second_is_through) != 0 ||
	    pthread_create(&thread, NULL, first_thread, &first) != 0 ||
	    read(first_is_held[0], &byte, 1) != 1)
		return 1;
	forks(&second);
	if (write(second_is_through[1], "", 1) != 1 || pthread_join(thread, NULL) != 0)
		return 1;
	while (wait(NULL) > 0)
		;
	printf("%d %d signals blocked\n", first, second);
	return 0;
}
