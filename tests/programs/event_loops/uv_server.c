// SPDX-License-Identifier: MIT
/* A server over libuv that forgets to close its connections: link with -luv. */
#include <stdlib.h>
#include <uv.h>

#include "connect_to.h"

static int left = CLIENTS;

static void forgets(uv_stream_t *server, int status)
{
	uv_tcp_t *client = malloc(sizeof(*client));

	if (status < 0 || !client)
		abort();
	uv_tcp_init(server->loop, client);
	if (uv_accept(server, (uv_stream_t *)client) < 0) // LEAK
		abort();
	if (--left == 0)
		uv_stop(server->loop);
}

static void serve(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();
	struct sockaddr_in address;
	int length = sizeof(address);
	uv_tcp_t server;

	uv_tcp_init(loop, &server);
	uv_ip4_addr("127.0.0.1", 0, &address);
	if (uv_tcp_bind(&server, (struct sockaddr *)&address, 0) < 0 ||
	    uv_listen((uv_stream_t *)&server, CLIENTS, forgets) < 0 ||
	    uv_tcp_getsockname(&server, (struct sockaddr *)&address, &length) < 0)
		return 1;
	connect_to(&address);
	serve(loop);
	return 0;
}
