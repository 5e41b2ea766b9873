// SPDX-License-Identifier: MIT
/*
 * The command's side of the roster (preload/core/base/roster.h): makes the memory, sends it to
 * processes that can't open it themselves, and reads it at the end, without trusting its content.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/core/base/roster.h"

struct run_roster {
	struct roster_header *header; /* NULL: there is none */
	int memory;                   /* descriptor of the memory; -1: none */
	int socket;                   /* to answer requests for it; -1: none */
	char value[160];              /* value of ROSTER_VARIABLE */
};

/* Makes an empty roster. 0 or a negative errno: -EFBIG no file may grow (ulimit -f). */
int run_roster_create(struct run_roster *roster);

/* Answers the requests that have come in over the socket. Doesn't block. */
void run_roster_answer(struct run_roster *roster);

/* Closes the socket. From now on requests fail at once, so that processes don't wait for an
 * answer. */
void run_roster_close_socket(struct run_roster *roster);

void run_roster_destroy(struct run_roster *roster);

/* Copies a record's text, and sets *length. The text may be empty, and need not be a tracer's.
 * NULL: no memory. The caller frees it. */
char *run_roster_text(const struct run_roster *roster, const struct roster_record *record,
		      size_t *length);

/* Milliseconds since the record was made. */
uint64_t run_roster_age_ms(const struct roster_record *record);

/* Whether the process of this record still lives. */
bool run_roster_lives(const struct roster_record *record);
