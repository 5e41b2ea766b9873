// SPDX-License-Identifier: MIT
/*
 * The notes of a group, and their words. The writer (group_text.c) and the reader (tools/reader/)
 * share this one list, so that the command knows a note's kind and never parses its words.
 */
#pragma once

#include <stddef.h>

enum group_note {
	NOTE_OTHER, /* none of these: no words */
	NOTE_CLOSE_WAIT,
	NOTE_CLOSE_WAIT_UNTRACED,
	NOTE_OVERFLOW,
	NOTE_NO_STACK,
	/* Connections of Go's net/http: */
	NOTE_LAST_USER,        /* the stack of the last request is the one to look at */
	NOTE_LAST_USER_SHARED, /* the same for HTTP/2 */
	NOTE_USER_NOT_ASKED,   /* the last request isn't known: --no-http */
	NOTE_USER_NOT_STOPPED, /* the same: there are no hardware breakpoints */
	NOTE_USER_NOT_KNOWN,   /* the same: an unknown version of Go */
	/* Something that all descriptors of an untraced process' group have in common. These words
	 * are the beginning of a sentence; endpoint.c writes the rest. */
	NOTE_PEER,
	NOTE_ACCEPTED,
	NOTE_SAME_FILE,
	/* The same of a group's descriptors, in any process. */
	NOTE_SAME_DELETED,
	NOTE_SAME_MEMORY,
	NOTE_IO_URING, /* group_text.c writes the rest: the number of a ring */
	NOTE_COUNT,
};

/* The lines of a note, then NULL. Async-signal-safe. */
const char *const *group_note_lines(enum group_note note);

/* The note that these lines of a text begin with: of those with this first line the one that has
 * most of the following lines, too. NOTE_OTHER: no note begins so. */
enum group_note group_note_find(const char *const *lines, size_t count);
