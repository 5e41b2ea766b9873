// SPDX-License-Identifier: MIT
/* See group_note.h. */
#include "group_note.h"

#include <stdbool.h>
#include <string.h>

enum { LINES_MAX = 3 };

static const char opener[] =
	"net/http keeps connections for the next request: who opened one may not be who";

static const char *const words[NOTE_COUNT][LINES_MAX + 1] = {
	[NOTE_CLOSE_WAIT] =
		{"In CLOSE_WAIT the peer has closed the connection and this program has not: it",
		 "stays open until the program calls close(). Follow the code from the stack",
		 "below to where it drops a connection without closing it."},
	[NOTE_CLOSE_WAIT_UNTRACED] =
		{"In CLOSE_WAIT the peer has closed the connection and this program has not: it",
		 "stays open until the program calls close()."},
	[NOTE_OVERFLOW] = {"The stack table was full when these were opened."},
	[NOTE_NO_STACK] =
		{"No stack was kept for these: there was no memory for it, or it was too early."},
	[NOTE_LAST_USER] =
		{"net/http keeps connections for the next request: who opened one may be innocent.",
		 "What has to be closed is the response to the last request."},
	[NOTE_LAST_USER_SHARED] =
		{"HTTP/2: many requests at a time share such a connection; the one that came last",
		 "need not be the one that leaks."},
	[NOTE_USER_NOT_ASKED] = {opener,
				 "leaks it. The last request over each is not noted: --no-http."},
	[NOTE_USER_NOT_STOPPED] =
		{opener,
		 "leaks it. The last request over each is not known: this machine or its kernel",
		 "gives no hardware breakpoints."},
	[NOTE_USER_NOT_KNOWN] =
		{opener,
		 "leaks it. The last request over each is not known: another version of Go than",
		 "those we know."},
	[NOTE_PEER] = {"Connected to "},
	[NOTE_ACCEPTED] = {"Accepted at "},
	[NOTE_SAME_FILE] = {"All of the same file"},
	[NOTE_SAME_DELETED] = {"All of the same deleted file."},
	[NOTE_SAME_MEMORY] = {"All of the same memfd."},
	[NOTE_IO_URING] = {"io_uring may have opened them, without a call that a hook sees: "},
};

const char *const *group_note_lines(enum group_note note)
{
	return words[note];
}

/* Whether the words are the beginning of a sentence only. */
static bool is_beginning(int note)
{
	return note == NOTE_PEER || note == NOTE_ACCEPTED || note == NOTE_SAME_FILE ||
	       note == NOTE_IO_URING;
}

/* The number of lines that the text has in common with this note. */
static size_t common(int note, const char *const *lines, size_t count)
{
	size_t same = 0;

	while (same < count && words[note][same] && strcmp(words[note][same], lines[same]) == 0)
		same++;
	if (!same && count && is_beginning(note) &&
	    strncmp(words[note][0], lines[0], strlen(words[note][0])) == 0)
		same = 1;
	return same;
}

enum group_note group_note_find(const char *const *lines, size_t count)
{
	size_t most = 0;
	int found = NOTE_OTHER;

	for (int note = NOTE_OTHER + 1; note < NOTE_COUNT; note++) {
		size_t same = common(note, lines, count);

		if (same > most) {
			most = same;
			found = note;
		}
	}
	return (enum group_note)found;
}
