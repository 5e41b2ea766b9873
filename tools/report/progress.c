// SPDX-License-Identifier: MIT
/* See progress.h. */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "page.h"

void progress_begin(struct progress *progress, const char *verb)
{
	const char *terminal = getenv("TERM");
	struct winsize size;

	*progress = (struct progress){.verb = verb};
	progress->possible = isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
	progress->width =
		ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
	clock_gettime(CLOCK_MONOTONIC, &progress->began);
}

static bool is_late(const struct progress *progress)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - progress->began.tv_sec) +
		       (double)(now.tv_nsec - progress->began.tv_nsec) / 1e9 >
	       0.5;
}

/* How many bytes of text fit in the given columns. */
static int bytes_of_columns(const char *text, int columns)
{
	int bytes = 0;

	for (; text[bytes]; bytes++)
		if (((unsigned char)text[bytes] & 0xc0) != 0x80 && columns-- <= 0)
			break;
	return bytes;
}

void progress_step(void *data, const char *step, size_t done, size_t total)
{
	static const char clear_line[] = "\r\033[K";
	struct progress *progress = data;

	if (!progress->possible)
		return;
	if (!step) {
		if (progress->shown)
			fputs(clear_line, stderr);
		progress->shown = false;
		return;
	}
	if (!progress->shown && !is_late(progress))
		return;
	char *safe = page_safe(step);
	char *line =
		page_format("%s: %s (module %zu of %zu)", progress->verb, safe, done + 1, total);

	fprintf(stderr, "%s%.*s", clear_line, bytes_of_columns(line, progress->width - 1), line);
	fflush(stderr);
	progress->shown = true;
	free(line);
	free(safe);
}
