// SPDX-License-Identifier: MIT
/*
 * Writes lines to the user on stderr. It first checks that descriptor 2 still is the program's
 * stderr, because a daemon may have closed it, and the number may now belong to a client's
 * connection or a database file.
 */
#pragma once

#include <stdbool.h>

#include "preload/core/base/line.h"

/* Takes the file that descriptor 2 is now for stderr. To be called at start, and whenever the
 * program itself puts a file there (dup2, dup3, freopen). A network socket never counts as stderr.
 * Async-signal-safe. */
void message_note_stderr(void);

/* True while descriptor 2 is the file of the last message_note_stderr, also in the frozen
 * descriptor table of a snapshot's helper process. Async-signal-safe. */
bool message_stderr_is_ours(void);

/* Writes "fdtrail: <line>" and a newline to stderr; does nothing if descriptor 2 isn't stderr any
 * more, or isn't writable within a second. Async-signal-safe, keeps errno. */
void message(const struct line *line);
