// SPDX-License-Identifier: MIT
/*
 * The command's side of the roster (preload/core/base/roster.h): makes the memory, gives it to
 * processes that can't open it themselves, and reads it at the end, without believing anything that
 * it holds.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "preload/core/base/roster.h"

struct run_roster {
	struct roster_header *header; /* NULL: there is none */
	int memory;                   /* the file; -1 */
	int socket;                   /* for those who ask; -1 */
	char value[160];              /* of ROSTER_VARIABLE */
};

/* Makes an empty roster. 0 or a negative errno: -EFBIG where no file may grow (ulimit -f). */
int run_roster_create(struct run_roster *roster);

/* Answers all who have asked over the socket; does not block. */
void run_roster_answer(struct run_roster *roster);

/* From now on nobody is answered: who asks is told so by the kernel, and need not wait. */
void run_roster_close_socket(struct run_roster *roster);

void run_roster_destroy(struct run_roster *roster);

/* A copy of a record's text, which may be empty and need not be what a tracer writes; NULL: no
 * memory. The caller frees it. */
char *run_roster_text(const struct run_roster *roster, const struct roster_record *record,
		      size_t *length);

/* How long ago the record was taken. */
uint64_t run_roster_age_ms(const struct roster_record *record);

/* Whether the process of this record is there still. */
bool run_roster_lives(const struct roster_record *record);
