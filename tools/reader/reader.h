// SPDX-License-Identifier: MIT
/*
 * Reads snapshot texts, whole or cut, with other output around and between them, with LF or CRLF.
 * Bad input is never an error of the reader: it takes what is there, and the model says what is
 * missing.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "model.h"

struct reader;

/* Reads from file, called name in messages. Neither is taken over; both must stay. NULL: no memory. */
struct reader *reader_create(FILE *file, const char *name);
void reader_destroy(struct reader *reader);

/* The next snapshot, which the caller destroys; NULL at the end of the file or when it can't be read
 * (errno is then not 0). One snapshot is in memory at a time. */
struct model_snapshot *reader_next(struct reader *reader);
