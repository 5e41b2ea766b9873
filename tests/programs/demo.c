// SPDX-License-Identifier: MIT
/*
 * The demonstration that scripts/run shows: a client that polls a small HTTP server over the
 * loopback. The server answers each request and closes the connection, as many do. check_health
 * reads the answer and closes its end, too; fetch_status sends its request, does not read the
 * answer, and forgets the socket. Each forgotten socket stays in CLOSE_WAIT, because the server has
 * closed its end and the client has not.
 *
 * Half way a shell sends the program SIGUSR1 by kill(1), as a user would; then the program goes on
 * and returns from main.
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

static struct sockaddr_in server_address = {.sin_family = AF_INET};
static int last_connection;

static void say(const char *text)
{
	printf("demo: %s\n", text);
	fflush(stdout);
}

/* The server */

/* Reads one request up to its empty line and answers it. False: it was the request to stop. */
static bool serve(int connection)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\n"
				     "Content-Length: 3\r\n"
				     "Connection: close\r\n"
				     "\r\n"
				     "ok\n";
	char request[1024] = "";
	size_t length = 0;

	while (!strstr(request, "\r\n\r\n") && length < sizeof(request) - 1) {
		ssize_t n = read(connection, request + length, sizeof(request) - 1 - length);
		if (n <= 0)
			return true;
		length += (size_t)n;
		request[length] = '\0';
	}
	if (write(connection, answer, sizeof(answer) - 1) < 0)
		warn("demo's server: cannot answer");
	return strncmp(request, "POST /stop ", 11) != 0;
}

static void server_main(int listening)
{
	bool go_on = true;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (go_on) {
		int connection = accept(listening, NULL, NULL);
		if (connection < 0)
			err(1, "demo's server: cannot accept");
		go_on = serve(connection);
		close(connection);
	}
	close(listening);
	_exit(0);
}

static pid_t start_server(void)
{
	socklen_t length = sizeof(server_address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Port 0: the kernel chooses a free one. */
	server_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listening < 0 ||
	    bind(listening, (struct sockaddr *)&server_address, sizeof(server_address)) ||
	    listen(listening, 64) ||
	    getsockname(listening, (struct sockaddr *)&server_address, &length))
		err(1, "demo: cannot listen on the loopback");

	pid_t server = fork();
	if (server < 0)
		err(1, "demo: cannot fork");
	if (server == 0)
		server_main(listening);
	close(listening);
	return server;
}

/* The client */

FRAME static int open_connection(void)
{
	int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connection < 0 ||
	    connect(connection, (struct sockaddr *)&server_address, sizeof(server_address)))
		err(1, "demo: cannot connect");
	return connection;
}

static void send_request(int connection, const char *line)
{
	char request[256];
	int length =
		snprintf(request, sizeof(request), "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", line);

	if (write(connection, request, (size_t)length) != length)
		err(1, "demo: cannot send a request");
}

/* Correct: reads the answer to its end and closes. */
FRAME static bool check_health(const char *line)
{
	char answer[1024];
	ssize_t n, total = 0;
	int connection = open_connection();

	send_request(connection, line);
	while ((n = read(connection, answer, sizeof(answer))) > 0)
		total += n;
	close(connection);
	return total > 0;
}

/* The bug: nobody reads the answer, nobody closes the connection. */
FRAME static void fetch_status(int broker)
{
	char line[64];
	int connection = open_connection();

	snprintf(line, sizeof(line), "GET /status/%d", broker);
	send_request(last_connection = connection, line);
}

FRAME static void poll_brokers(int count)
{
	for (int broker = 0; broker < count; broker++) {
		if (!check_health("GET /health"))
			warnx("demo: no answer");
		fetch_status(broker);
	}
}

/* Waits until the server has closed the last connection, so that its state is CLOSE_WAIT. */
static void wait_for_the_server(void)
{
	(void)!recv(last_connection, (char[1024]){0}, 1024, MSG_PEEK | MSG_WAITALL);
}

/* Not by raise(3): a signal that a program sends itself has the same effect as without the tracer,
 * and SIGUSR1 would end it. */
static void ask_for_a_report(void)
{
	char command[64];

	snprintf(command, sizeof(command), "kill -USR1 %d", (int)getpid());
	if (system(command) != 0)
		warnx("demo: cannot ask for a report");
}

int main(void)
{
	if (!getenv("LD_PRELOAD")) {
		fputs("demo: this is to be run under the tracer: scripts/run\n", stderr);
		return 2;
	}
	say("a client polls an HTTP server. check_health() closes its connections;");
	say("fetch_status() forgets to. Which of them leaks? The tracer will tell.");

	pid_t server = start_server();
	/* Volatile, so that the loop is not unrolled and poll_brokers has a single call in the
	 * program. */
	for (volatile int round = 0; round < 2; round++) {
		poll_brokers(3 + 2 * round);
		wait_for_the_server();
		if (round == 0) {
			say("3 brokers polled. Now kill -USR1: what is open now?");
			ask_for_a_report();
		}
	}
	check_health("POST /stop");
	waitpid(server, NULL, 0);
	say("5 more polled. main returns: what was never closed?");
	return 0;
}
