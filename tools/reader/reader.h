// SPDX-License-Identifier: MIT
/*
 * Finds and reads snapshots in any file: whole or truncated, with other output around and between
 * their lines, with LF or CRLF. Bad input is never an error: the reader takes what is there, and
 * the model says what is missing.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"

struct reader;

/* Makes a reader of file. name stands for it in messages. The caller keeps both, and they must
 * outlive the reader. */
struct reader *reader_create(FILE *file, const char *name);
void reader_destroy(struct reader *reader);

/* Returns the next snapshot, which the caller destroys. It may outlive the reader; name must
 * outlive both. NULL at the end of the file (errno is 0) or if it can't be read (errno says why).
 * No more than one snapshot is in memory. */
struct model_snapshot *reader_next(struct reader *reader);

/* For commands: opens the file at path, or standard input for "-". If it can't be opened, writes a
 * line "fdtrail VERB: ..." to stderr and returns NULL. path and verb must outlive the reader. */
struct reader *reader_open(const char *path, const char *verb);

/* Closes a reader from reader_open() after reader_next() has returned NULL. If the file could not
 * be read to its end or has no snapshot, writes that to stderr and returns false. */
bool reader_close(struct reader *reader);

/* Closes the reader without a message and returns true if the file is empty. Otherwise (it has
 * lines, or could not be read) does nothing and returns false: call reader_close(). */
bool reader_close_if_empty(struct reader *reader);
