// SPDX-License-Identifier: MIT
/*
 * For scripts/guides: a client that asks a server for its status, five times, and never closes the
 * connection (or does, if FIXED is defined). The server is a thread of the same program. Then it
 * prints "ready", and waits for its input to end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address = {.sin_family = AF_INET};

static void *serve(void *listener)
{
	int client;

	while ((client = accept(*(int *)listener, NULL, NULL)) >= 0) {
		if (write(client, "fine\n", 5) != 5)
			warn("can't answer");
		close(client);
	}
	return NULL;
}

static int fetch_status(char *answer, size_t size)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	while (read(fd, answer, size) > 0)
		;
#ifdef FIXED
	close(fd);
#endif
	return 0;
}

int main(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	pthread_t thread;
	char answer[64];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 16) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&thread, NULL, serve, &listener) != 0)
		err(1, "can't serve");
	for (volatile int i = 0; i < 5; i++)
		fetch_status(answer, sizeof(answer));
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
