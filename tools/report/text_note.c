// SPDX-License-Identifier: MIT
/* See text_note.h. */
#include "text_note.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOTE_INDENT = 3 }; /* as for all lines of a group */

static bool says_why_unknown(enum group_note kind)
{
	return kind == NOTE_USER_NOT_ASKED || kind == NOTE_USER_NOT_STOPPED ||
	       kind == NOTE_USER_NOT_KNOWN;
}

void text_note(const struct page *page, const struct model_group *group)
{
	char *whole = NULL;
	size_t size;
	FILE *out = NULL;

	for (size_t i = 0; i < group->note_count; i++) {
		if (!says_why_unknown(group->notes[i].kind))
			continue;
		if (!out)
			out = open_memstream(&whole, &size);
		if (out)
			fprintf(out, "%s%s", ftell(out) ? " " : "", group->notes[i].line);
	}
	if (!out)
		return;
	fclose(out);
	char *text = page_safe(whole);

	page_prosef(page, NOTE_INDENT, 0, PAGE_PLAIN, "%s", text);
	free(text);
	free(whole);
}
