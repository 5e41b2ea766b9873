// SPDX-License-Identifier: MIT
/*
 * Reads snapshot texts, whole or cut, with other output around and between them, with LF or CRLF.
 * Bad input is never an error of the reader: it takes what is there, and the model says what is
 * missing.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "tools/model/model.h"

struct reader;

/* Reads from file, called name in messages. Neither is taken over; both must stay. */
struct reader *reader_create(FILE *file, const char *name);
void reader_destroy(struct reader *reader);

/* The next snapshot, which the caller destroys and which may outlive the reader (name must outlive
 * both); NULL at the end of the file or when it can't be read (errno is then not 0). No more of the
 * file is in memory than one snapshot. */
struct model_snapshot *reader_next(struct reader *reader);

/* For verbs: opens the file called path, standard input for "-". NULL when it can't be opened,
 * after a line on stderr that begins with "fdtrail VERB: " has said why. path and verb must outlive
 * the reader. */
struct reader *reader_open(const char *path, const char *verb);

/* Closes what reader_open opened, when reader_next has returned NULL: says on stderr whether the
 * file could not be read to its end, or no snapshot was in it, and returns false then. */
bool reader_close(struct reader *reader);

/* The same for a file that is empty: closes it, says nothing, and returns true. False: it is not
 * empty, or could not be read, and reader_close has to say so. */
bool reader_close_if_empty(struct reader *reader);
