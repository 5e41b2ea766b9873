// SPDX-License-Identifier: MIT
/*
 *     heard COUNT
 *
 * Leaves COUNT copies of a descriptor open, and lets its first thread take all signals except
 * SIGUSR2. A second thread waits for SIGUSR2. Then it closes one end of a connection, waits until
 * the other end notices, and prints "heard".
 */
#include <err.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		err(1, "write");
}

static void *closes(void *unused)
{
	struct pollfd other = {.events = POLLIN};
	int pair[2];
	sigset_t usr2;
	int got;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		err(1, "socketpair");
	say("waits\n");
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	sigwait(&usr2, &got);
	close(pair[0]);
	other.fd = pair[1];
	poll(&other, 1, -1);
	say("heard\n");
	return unused;
}

int main(int argc, char **argv)
{
	sigset_t all, before;
	pthread_t thread;

	for (int i = 0; i < (argc > 1 ? atoi(argv[1]) : 1); i++)
		if (dup(0) < 0)
			err(1, "dup");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, closes, NULL) != 0)
		errx(1, "pthread_create");
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_join(thread, NULL);
	return 0;
}
