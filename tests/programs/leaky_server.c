// SPDX-License-Identifier: MIT
/*
 * A server for scripts/attach-demo: it answers requests on the loopback, which a thread of its own
 * sends it, twenty a second. After every second answer it forgets to close the connection. Each
 * forgotten one stays in CLOSE_WAIT. It prints "ready" when it serves, and ends after a minute.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "frame.h"

static struct sockaddr_in address = {.sin_family = AF_INET};
static volatile int last;

static void *send_requests(void *unused)
{
	char answer[16];

	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    write(fd, "request", 7) == 7 && read(fd, answer, sizeof(answer)) < 0)
			warn("no answer");
		close(fd);
		poll(NULL, 0, 50);
	}
	return unused;
}

static FRAME void handle_client(int listener)
{
	static int served;
	char request[16];
	int client = accept(listener, NULL, NULL);

	if (read(client, request, sizeof(request)) > 0 && write(client, "answer", 6) != 6)
		warn("can't answer");
	if (served++ % 2)
		close(client);
	last = client;
}

int main(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	pthread_t thread;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&thread, NULL, send_requests, NULL) != 0)
		err(1, "can't serve");
	puts("ready");
	fflush(stdout);
	for (int i = 0; i < 20 * 60; i++)
		handle_client(listener);
	return 0;
}
