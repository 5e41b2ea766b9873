// SPDX-License-Identifier: MIT
/*
 * Reads a file line by line, one line in memory at a time. The output of a program may hold
 * anything, so a line that is too long for a snapshot, or has a zero byte, is returned as an empty
 * line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lines {
	FILE *file;
	char *buffer;
	size_t room, length;
	size_t number; /* of the line, counted from 1 */
	bool ended;    /* it has its newline */
	bool unusable; /* too long, or not text */
	int error;     /* errno if the file could not be read to its end, else 0 */
};

/* Reads the next line into buffer: length bytes, without LF or CRLF. False at the end of the file,
 * or if it can't be read (see error). */
bool lines_next(struct lines *lines);

void lines_finish(struct lines *lines);
