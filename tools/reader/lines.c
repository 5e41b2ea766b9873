// SPDX-License-Identifier: MIT
/* See lines.h. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>

#include "tools/model/model_memory.h"

/* Long enough for names of C++ functions. The longest other line is a command line of 4 KiB with
 * each byte escaped. */
enum { LINE_MAX_LENGTH = 1024 * 1024 };

bool lines_next(struct lines *lines)
{
	int c;

	if (!lines->buffer) {
		lines->room = 4096;
		lines->buffer = memory_array(NULL, lines->room, 1);
	}
	lines->length = 0;
	lines->ended = lines->unusable = false;
	while ((c = getc_unlocked(lines->file)) != EOF && c != '\n') {
		if (lines->length == LINE_MAX_LENGTH || c == '\0') {
			lines->unusable = true;
			continue;
		}
		if (lines->length == lines->room) {
			lines->room *= 2;
			lines->buffer = memory_array(lines->buffer, lines->room, 1);
		}
		lines->buffer[lines->length++] = (char)c;
	}
	lines->ended = c == '\n';
	if (c == EOF && ferror(lines->file))
		lines->error = errno;
	if (c == EOF && !lines->length && !lines->unusable)
		return false;
	lines->number++;
	if (lines->unusable)
		lines->length = 0;
	if (lines->length && lines->buffer[lines->length - 1] == '\r')
		lines->length--;
	return true;
}

void lines_finish(struct lines *lines)
{
	free(lines->buffer);
	*lines = (struct lines){0};
}
