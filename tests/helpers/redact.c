// SPDX-License-Identifier: MIT
/* Redacts a snapshot of a program, given by its name, as FDTRAIL_REDACT does: stdin to stdout. */
#include <stdio.h>
#include <unistd.h>

#include "preload/core/snapshot/redact_lines.h"

int main(int argc, char **argv)
{
	static char text[16 * 1024 * 1024];
	size_t size = fread(text, 1, sizeof(text), stdin);
	struct substitutes *substitutes = substitutes_create();
	struct writer writer;

	if (argc != 2 || !substitutes)
		return 2;
	writer_open(&writer, STDOUT_FILENO, NULL);
	writer_hold(&writer);
	bool whole = redact_lines(substitutes, text, size, argv[1], &writer);
	substitutes_destroy(substitutes);
	return writer_close(&writer) && whole ? 0 : 1;
}
