// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>
#include <string.h>

/* The fields of /proc/PID/stat that follow the process' name (proc_pid_stat(5)): text is what was
 * read of that file, and the result points to the state letter in it. The name stands in
 * parentheses and may hold some itself. NULL: text isn't such a line. Async-signal-safe. */
static inline const char *stat_line_state(const char *text)
{
	const char *end = strrchr(text, ')');

	return end && end[1] == ' ' ? end + 2 : NULL;
}
