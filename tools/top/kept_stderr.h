// SPDX-License-Identifier: MIT
/*
 * Keeps messages off the screen: while it is held, stderr is a file in memory, also that of child
 * processes. The last message is shown in a line of the screen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct kept_stderr {
	int before; /* the real stderr */
	int file;
};

/* Returns false if there is no memory; then stderr stays as it is. */
bool kept_stderr_hold(struct kept_stderr *kept);

enum { KEPT_STDERR_TAIL = 4096 };

/* Forgets what is in the file if it is what said holds, else copies it there: so that the same
 * messages are not repeated at each look. Only the end of a longer text counts. */
void kept_stderr_once(const struct kept_stderr *kept, char said[KEPT_STDERR_TAIL + 1]);

/* Copies the last line that was written since the last call to text, without a newline, and empties
 * the file. text is empty if there was none. */
void kept_stderr_last(struct kept_stderr *kept, char *text, size_t size);

/* Restores stderr, and writes to it what is in the file. */
void kept_stderr_release(struct kept_stderr *kept);
