// SPDX-License-Identifier: MIT
/*
 * A thread's close(2) lingers (socket(7), SO_LINGER) when the number is already free. The main
 * thread gets that number by a raw system call and forks. Prints the number and the child's PID;
 * the child requests a snapshot.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw.h"

static int lingering;

static void *closes(void *data)
{
	(void)data;
	close(lingering);
	return NULL;
}

/* A connection whose peer reads nothing, with more to send than its buffers can hold. */
static int connection(int *other)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger minute = {.l_onoff = 1, .l_linger = 60};
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	static char block[65536];

	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
	    connect(fd, (struct sockaddr *)&address, length) != 0)
		return -1;
	*other = accept(listener, NULL, NULL);
	while (send(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &minute, sizeof(minute)) == 0 ? fd : -1;
}

int main(void)
{
	struct linger none = {.l_onoff = 1, .l_linger = 0};
	pthread_t thread;
	int other = -1, again = -1;

	signal(SIGUSR1, SIG_IGN); /* otherwise the child's own signal would end it */
	lingering = connection(&other);
	if (lingering < 0 || other < 0 || pthread_create(&thread, NULL, closes, NULL) != 0)
		return 1;
	while (fcntl(lingering, F_GETFD) >= 0)
		sched_yield();
	again = (int)raw_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY, 0);
	pid_t child = fork();
	if (child == 0) {
		raise(SIGUSR1);
		_exit(0);
	}
	printf("%d %d\n", again, (int)child);
	waitpid(child, NULL, 0);
	/* A reset, so that nothing lingers. */
	setsockopt(other, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(other);
	return pthread_join(thread, NULL) != 0 || again != lingering;
}
