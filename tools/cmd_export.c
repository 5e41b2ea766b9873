// SPDX-License-Identifier: MIT
/*
 * fdtrail export: what running processes have open, as metrics: written once, or served by HTTP
 * until a signal ends it. Each request takes new snapshots, unless the last ones are fresh, so that
 * nothing is done while nobody asks.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "tools/arguments/verb.h"
#include "tools/export/output.h"
#include "tools/exporter/exporter.h"
#include "tools/exporter/exporter_arguments.h"
#include "tools/exporter/http_server.h"
#include "tools/exporter/listen_address.h"
#include "tools/process/ending_signals.h"
#include "tools/process/subject.h"
#include "tools/symbolize/symbolize.h"

static const char verb[] = "export";

static int write_once(struct exporter *exporter)
{
	const char *path = exporter->asked->path, *reason;
	/* Another user's node_exporter reads it. */
	struct output *output = output_begin(path, 0644, &reason);

	if (output) {
		int error = exporter_look(exporter);

		if (!error) {
			fwrite(exporter->text, 1, exporter->size, output_file(output));
			error = output_commit(output);
		} else {
			output_discard(output);
		}
		if (!error)
			return exporter->complete ? EXIT_CLEAN : EXIT_TROUBLE;
		reason = strerror(-error);
	}
	fprintf(stderr, "fdtrail export: can't write %s: %s\n", path ? path : "standard output",
		reason);
	return EXIT_TROUBLE;
}

/* Serves requests until one of the signals comes. */
static void serve_until(struct http_server *server, int signals)
{
	struct pollfd ready[] = {
		{.fd = signals, .events = POLLIN},
		{.fd = http_server_fd(server), .events = POLLIN},
	};
	struct signalfd_siginfo info;

	do {
		http_server_run(server);
		poll(ready, 2, http_server_timeout(server));
	} while (read(signals, &info, sizeof(info)) != sizeof(info));
}

/* Listens, and returns the socket; or -1, after a message. text: gets the address. */
static int begin_to_listen(const struct exporter_arguments *asked, char text[LISTEN_ADDRESS_TEXT])
{
	struct listen_address address = asked->address;
	int listening = listen_address_open(&address);

	listen_address_text(&address, text);
	if (listening < 0) {
		fprintf(stderr, "fdtrail export: can't listen on %s: %s\n", text,
			strerror(-listening));
		return -1;
	}
	if (!listen_address_is_local(&address))
		fprintf(stderr,
			"fdtrail export: everyone who can reach %s can read the metrics: there is "
			"no password\n",
			text);
	return listening;
}

static int serve(struct exporter *exporter)
{
	const struct http_page page = {
		.path = "/metrics",
		.type = "text/plain; version=0.0.4; charset=utf-8",
		.text = exporter_text,
		.data = exporter,
	};
	char address[LISTEN_ADDRESS_TEXT];
	size_t size;
	bool good = false;
	int listening = begin_to_listen(exporter->asked, address);
	struct http_server *server =
		listening < 0 ? NULL : http_server_start(&page, listening, verb);
	int signals = server ? ending_signals_hold(NULL) : -1;

	if (server && signals < 0)
		fprintf(stderr, "fdtrail export: can't wait for signals: %s\n", strerror(-signals));
	if (signals >= 0) {
		/* A client that has gone is no reason to end. */
		signal(SIGPIPE, SIG_IGN);
		/* Growth counts from here. If all process ids are wrong, there is nothing to
		 * serve. */
		exporter_text(&size, exporter);
		good = exporter->asked->names.count || exporter_has_seen(exporter);
		if (good) {
			printf("fdtrail export: the metrics are at http://%s%s\n", address,
			       page.path);
			fflush(stdout);
			serve_until(server, signals);
		}
		close(signals);
	}
	if (server)
		http_server_stop(server);
	return good ? EXIT_CLEAN : EXIT_TROUBLE;
}

/* Adds the processes that the arguments name. Returns false after a message if a program of
 * `fdtrail run` among them isn't running. */
static bool add_processes(struct exporter *exporter)
{
	const int *pids = exporter->asked->pids.items;

	for (size_t i = 0; i < exporter->asked->pids.count; i++) {
		int pid = pids[i];

		if (subject_find(&pid, verb) < 0)
			return false;
		top_watch_add(&exporter->watch, pid);
	}
	return true;
}

int cmd_export(int argc, char **argv)
{
	struct exporter_arguments asked;
	struct exporter exporter;
	int status = EXIT_TROUBLE;

	exporter_arguments_parse(&asked, argc, argv);
	struct symbolizer *symbolizer =
		symbolizer_create(&(struct symbolize_options){.debug_dirs = asked.view.debug_dirs});
	exporter_begin(&exporter, &asked, symbolizer);
	if (!symbolizer)
		fprintf(stderr, "fdtrail export: %s\n", strerror(ENOMEM));
	else if (add_processes(&exporter))
		status = asked.serves ? serve(&exporter) : write_once(&exporter);
	exporter_finish(&exporter);
	symbolizer_destroy(symbolizer);
	exporter_arguments_finish(&asked);
	return status;
}
