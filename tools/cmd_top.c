// SPDX-License-Identifier: MIT
/*
 * fdtrail top: watches what running processes have open, on the terminal or, with --plain, as text.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/arguments/verb.h"
#include "tools/export/output.h"
#include "tools/process/subject.h"
#include "tools/symbolize/symbolize.h"
#include "tools/top/top_arguments.h"
#include "tools/top/top_plain.h"
#include "tools/top/top_screen.h"
#include "tools/top/top_watch.h"

static const char verb[] = "top";

/* Adds the processes that the arguments name. Returns false after a message if a program of
 * `fdtrail run` among them isn't running. */
static bool add_processes(struct top_watch *watch, const struct top_arguments *asked)
{
	int *pids = asked->pids.items;

	for (size_t i = 0; i < asked->pids.count; i++) {
		if (subject_find(&pids[i], verb) < 0)
			return false;
		top_watch_add(watch, pids[i]);
	}
	return true;
}

static int watch_processes(struct top_watch *watch, const struct top_arguments *asked)
{
	if (asked->plain)
		return top_plain(watch, asked);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fputs("fdtrail top: this is not a terminal: use --plain or --once\n", stderr);
		return EXIT_TROUBLE;
	}
	return top_screen(watch, asked);
}

int cmd_top(int argc, char **argv)
{
	struct top_arguments asked;
	int status = EXIT_TROUBLE;

	/* For characters outside ASCII on the terminal. */
	setlocale(LC_CTYPE, "");
	top_arguments_parse(&asked, argc, argv);
	output_stdout();
	const struct symbolize_options symbols = {.debug_dirs = asked.view.debug_dirs};
	struct top_watch watch = {
		.verb = verb,
		.outside = asked.outside,
		.children = asked.children,
		.filter = asked.filter,
		.symbolizer = symbolizer_create(&symbols),
	};

	if (!watch.symbolizer)
		fprintf(stderr, "fdtrail top: %s\n", strerror(ENOMEM));
	else if (add_processes(&watch, &asked))
		status = watch_processes(&watch, &asked);
	top_watch_finish(&watch);
	symbolizer_destroy(watch.symbolizer);
	top_arguments_finish(&asked);
	return status;
}
