// SPDX-License-Identifier: MIT
/*
 * A server to attach to: attached THREADS FILE. It has opened five sockets before, and its threads
 * wait in different calls. When FILE is there, it leaks ten more, closes ten others, and waits
 * again. It prints "ready", then "leaked", and "EINTR" if a wait that nothing interrupts ends so.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t begun;
static volatile int last; /* so that no call becomes a jump */

static FRAME void opened_before(void)
{
	last = socket(AF_INET, SOCK_DGRAM, 0);
}

static FRAME void leaks_a_socket(void)
{
	last = socket(AF_INET, SOCK_STREAM, 0);
}

static FRAME void closes_its_socket(void)
{
	last = close(socket(AF_INET, SOCK_STREAM, 0));
}

static void tell(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void *wait_in_thread(void *argument)
{
	struct epoll_event event;
	int number = *(int *)argument, epoll = epoll_create1(EPOLL_CLOEXEC);

	pthread_barrier_wait(&begun);
	for (;;) {
		if (number % 3 == 0) {
			pthread_mutex_lock(&mutex);
			pthread_cond_wait(&never, &mutex);
			pthread_mutex_unlock(&mutex);
		} else if (epoll_wait(epoll, &event, 1, number % 3 == 1 ? -1 : 1000) < 0) {
			tell(errno == EINTR ? "EINTR" : "epoll_wait");
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 0;
	int *numbers = calloc((size_t)threads + 1, sizeof(*numbers));
	pthread_t thread;

	pthread_barrier_init(&begun, NULL, (unsigned int)threads + 1);
	for (int i = 0; numbers && i < threads; i++) {
		numbers[i] = i;
		pthread_create(&thread, NULL, wait_in_thread, &numbers[i]);
	}
	pthread_barrier_wait(&begun);
	for (int i = 0; i < 5; i++)
		opened_before();
	tell("ready");
	while (argc > 2 && access(argv[2], F_OK) != 0)
		if (poll(NULL, 0, 20) < 0)
			tell("EINTR");
	for (int i = 0; i < 10; i++) {
		leaks_a_socket();
		closes_its_socket();
	}
	tell("leaked");
	for (;;)
		if (poll(NULL, 0, 1000) < 0)
			tell("EINTR");
}
