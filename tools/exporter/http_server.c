// SPDX-License-Identifier: MIT
/* See http_server.h. */
#include "http_server.h"

#include <dlfcn.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS_MOST = 32,
	CONNECTION_SECONDS = 15, /* without a byte */
};

/* The ABI has not changed since 2014 (libmicrohttpd 0.9.34). */
static const char library[] = "libmicrohttpd.so.12";

/* The functions of the library, by their types in its header. */
struct functions {
	__typeof__(MHD_start_daemon) *start_daemon;
	__typeof__(MHD_stop_daemon) *stop_daemon;
	__typeof__(MHD_get_daemon_info) *get_daemon_info;
	__typeof__(MHD_get_timeout) *get_timeout;
	__typeof__(MHD_run) *run;
	__typeof__(MHD_create_response_from_buffer) *create_response;
	__typeof__(MHD_add_response_header) *add_header;
	__typeof__(MHD_queue_response) *queue_response;
	__typeof__(MHD_destroy_response) *destroy_response;
};

struct http_server {
	struct functions mhd;
	struct MHD_Daemon *daemon;
	const struct http_page *page;
	int poll_fd;
};

/* Loads the library. Returns false after a message. */
static bool load(struct functions *mhd, const char *verb)
{
	const struct {
		const char *name;
		void *to; /* a pointer to a function */
	} wanted[] = {
		{"MHD_start_daemon", &mhd->start_daemon},
		{"MHD_stop_daemon", &mhd->stop_daemon},
		{"MHD_get_daemon_info", &mhd->get_daemon_info},
		{"MHD_get_timeout", &mhd->get_timeout},
		{"MHD_run", &mhd->run},
		{"MHD_create_response_from_buffer", &mhd->create_response},
		{"MHD_add_response_header", &mhd->add_header},
		{"MHD_queue_response", &mhd->queue_response},
		{"MHD_destroy_response", &mhd->destroy_response},
	};
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; handle && i < sizeof(wanted) / sizeof(*wanted); i++) {
		void *symbol = dlsym(handle, wanted[i].name);

		if (symbol)
			memcpy(wanted[i].to, &symbol, sizeof(symbol));
		else
			handle = NULL;
	}
	if (handle)
		return true;
	const char *reason = dlerror();
	fprintf(stderr,
		"fdtrail %s: --listen needs %s: install libmicrohttpd (Debian's package is "
		"libmicrohttpd12): %s\n",
		verb, library, reason ? reason : "a function is missing");
	return false;
}

static enum MHD_Result answer(const struct functions *mhd, struct MHD_Connection *connection,
			      unsigned int status, const char *type, const char *text, size_t size)
{
	/* The library doesn't change the text, and copies it. */
	struct MHD_Response *response =
		mhd->create_response(size, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	mhd->add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		mhd->add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = mhd->queue_response(connection, status, response);
	mhd->destroy_response(response);
	return result;
}

static enum MHD_Result answer_line(const struct functions *mhd, struct MHD_Connection *connection,
				   unsigned int status, const char *line)
{
	return answer(mhd, connection, status, "text/plain; charset=utf-8", line, strlen(line));
}

/* Called by the library: once when the header of a request is there, then for each part of its
 * body, then once more. */
static enum MHD_Result respond(void *data, struct MHD_Connection *connection, const char *url,
			       const char *method, const char *version, const char *body,
			       size_t *body_size, void **state)
{
	static char begun;
	const struct http_server *server = data;
	const struct functions *mhd = &server->mhd;
	size_t size;

	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*body_size) {
		*body_size = 0; /* nobody reads it */
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_line(mhd, connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				   "Only GET is answered.\n");
	if (strcmp(url, server->page->path) != 0) {
		char line[64];

		snprintf(line, sizeof(line), "The metrics are at %s\n", server->page->path);
		return answer_line(mhd, connection,
				   strcmp(url, "/") == 0 ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, line);
	}
	const char *text = server->page->text(&size, server->page->data);
	if (!text)
		return answer_line(mhd, connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				   "fdtrail has no memory.\n");
	return answer(mhd, connection, MHD_HTTP_OK, server->page->type, text, size);
}

struct http_server *http_server_start(const struct http_page *page, int listening, const char *verb)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server || !load(&server->mhd, verb)) {
		close(listening);
		free(server);
		return NULL;
	}
	server->page = page;
	server->daemon = server->mhd.start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, respond, server, MHD_OPTION_LISTEN_SOCKET, listening,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MOST,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CONNECTION_SECONDS, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
		server->daemon
			? server->mhd.get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)
			: NULL;
	if (info) {
		server->poll_fd = info->epoll_fd;
		return server;
	}
	fprintf(stderr, "fdtrail %s: libmicrohttpd can't start a server\n", verb);
	if (server->daemon)
		server->mhd.stop_daemon(server->daemon);
	else
		close(listening);
	free(server);
	return NULL;
}

int http_server_fd(const struct http_server *server)
{
	return server->poll_fd;
}

int http_server_timeout(const struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	if (server->mhd.get_timeout(server->daemon, &timeout) != MHD_YES)
		return -1;
	return timeout < INT_MAX ? (int)timeout : INT_MAX;
}

void http_server_run(struct http_server *server)
{
	server->mhd.run(server->daemon);
}

void http_server_stop(struct http_server *server)
{
	server->mhd.stop_daemon(server->daemon);
	free(server);
}
