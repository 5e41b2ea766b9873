// SPDX-License-Identifier: MIT
/*
 * The lines of a file, in memory one at a time. A file of a traced program's output may hold
 * anything: a line that is longer than any of a snapshot is given as empty, and so is one with a
 * zero byte.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lines {
	FILE *file;
	char *buffer;
	size_t room, length;
	size_t number; /* of the line, from 1 */
	bool ended;    /* it has its newline */
	bool unusable; /* too long, or not text */
	int error;     /* errno when the file could not be read to its end */
};

/* Reads the next line into buffer: length bytes, without its LF or CRLF. False at the end of the
 * file, or when it can't be read: see error. */
bool lines_next(struct lines *lines);

void lines_finish(struct lines *lines);
