// SPDX-License-Identifier: MIT
/* See say.h. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "preload/core/base/line.h"

void say(const char *format, ...)
{
	LINE(line, 2 * LINE_LONG);
	char message[2 * LINE_LONG - 64];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	line_add(&line, "fdtrail run: ");
	line_quote(&line, message);
	line.text[line.length] = '\n';
	/* stderr may be closed; then nothing can be said. */
	if (write(2, line.text, line.length + 1) < 0)
		return;
}
