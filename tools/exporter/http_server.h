// SPDX-License-Identifier: MIT
/*
 * An HTTP server with one page, by libmicrohttpd. It has no thread: the caller polls its
 * descriptor. The library is loaded only here, so that no other verb needs it, and so that the
 * packages, whose command needs only libc, have this verb, too.
 */
#pragma once

#include <stddef.h>

struct http_server;

struct http_page {
	const char *path; /* "/metrics" */
	const char *type; /* of the content */
	/* Returns the page's text, which is valid until the next call, or NULL if there is no
	 * memory. */
	const char *(*text)(size_t *size, void *data);
	void *data;
};

/* Serves a page, which must outlive the server, at a listening socket, which belongs to the server
 * from now on. NULL, after a message that begins with "fdtrail VERB: ", if that isn't possible;
 * then the socket is closed. */
struct http_server *http_server_start(const struct http_page *page, int listening,
				      const char *verb);

/* A descriptor that is readable when there is something to do. */
int http_server_fd(const struct http_server *server);

/* The time after which there is something to do even so, in milliseconds, for poll(2). */
int http_server_timeout(const struct http_server *server);

/* Does what there is to do, and doesn't wait. */
void http_server_run(struct http_server *server);

/* Closes all connections and the socket. */
void http_server_stop(struct http_server *server);
