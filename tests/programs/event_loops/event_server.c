// SPDX-License-Identifier: MIT
/* A server over libevent that forgets to free its connections; the sockets that it makes itself are
 * its own. Link with -levent_core. */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>

#include "connect_to.h"

static int left = CLIENTS;

static int makes_own(void)
{
	return socket(AF_INET, SOCK_STREAM, 0); // OWN
}

static void forgets(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
		    int length, void *data)
{
	struct event_base *base = evconnlistener_get_base(listener);
	int own = makes_own();

	(void)address;
	(void)length;
	(void)data;
	if (!bufferevent_socket_new(base, fd, 0)) // LEAK
		abort();
	if (own < 0 || !bufferevent_socket_new(base, own, 0))
		abort();
	if (--left == 0)
		event_base_loopbreak(base);
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct evconnlistener *listener =
		evconnlistener_new_bind(base, forgets, NULL, LEV_OPT_CLOSE_ON_FREE, CLIENTS,
					(struct sockaddr *)&address, sizeof(address));

	if (!listener ||
	    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length) < 0)
		return 1;
	connect_to(&address);
	event_base_dispatch(base);
	return 0;
}
