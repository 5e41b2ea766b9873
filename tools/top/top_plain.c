// SPDX-License-Identifier: MIT
/* See top_plain.h. */
#include "top_plain.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "preload/core/base/monotonic.h"
#include "tools/arguments/verb.h"
#include "top_table.h"

enum { RESTART_MS = 10 * 1000 }; /* to wait for a process to be started again */

static void put_processes(const struct top_watch *watch, const struct page *page)
{
	const struct top_process *processes = watch->processes.items;

	for (size_t i = 0; i < watch->processes.count; i++) {
		char *line = top_watch_line(&processes[i]);

		page_line(page, 0, 2, PAGE_STRONG, line);
		free(line);
	}
}

static void put_rows(const struct top_watch *watch, const struct top_arguments *asked,
		     const struct page *page)
{
	const struct top_table table = {
		.page = page,
		.several = watch->processes.count > 1,
		.blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	size_t count;
	struct top_line *lines = top_watch_lines(watch, &count);
	char *text = top_table_head(&table);

	if (count)
		page_line(page, 0, 0, PAGE_FAINT, text);
	free(text);
	top_order(lines, count, asked->order);
	for (size_t i = 0; i < count; i++) {
		text = top_table_line(&table, &lines[i]);
		fprintf(page->file, "%s\n", text);
		free(text);
	}
	free(lines);
}

static void put(const struct top_watch *watch, const struct top_arguments *asked)
{
	struct report_options options = view_for(&asked->view, stdout);
	char when[32] = "";
	time_t now = time(NULL);
	struct page page;
	struct tm utc;

	page_open(&page, stdout, options.width, options.colour);
	if (gmtime_r(&now, &utc))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
	page_line(&page, 0, 0, PAGE_FAINT, when);
	put_processes(watch, &page);
	put_rows(watch, asked, &page);
	page_close(&page);
}

int top_plain(struct top_watch *watch, const struct top_arguments *asked)
{
	int64_t next = monotonic_ms(), ended_at = 0;
	bool good = true;

	for (int64_t i = 0; !asked->count || i < asked->count; i++) {
		int64_t left = next - monotonic_ms();

		if (i && left > 0)
			poll(NULL, 0, (int)left);
		next = monotonic_ms() + (int64_t)(asked->interval * 1000);
		good = top_watch_look(watch);
		if (i)
			putchar('\n');
		put(watch, asked);
		if (fflush(stdout) != 0) {
			fprintf(stderr, "fdtrail top: can't write: %s\n", strerror(errno));
			return EXIT_TROUBLE;
		}
		if (top_watch_living(watch)) {
			ended_at = 0;
			continue;
		}
		ended_at = ended_at ? ended_at : monotonic_ms();
		if (monotonic_ms() - ended_at >= RESTART_MS)
			break;
	}
	return good ? EXIT_CLEAN : EXIT_TROUBLE;
}
