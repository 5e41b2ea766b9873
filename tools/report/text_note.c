// SPDX-License-Identifier: MIT
/* See text_note.h. */
#include "text_note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTE_INDENT = 3 }; /* as for all lines of a group */

void text_note(const struct page *page, const struct model_group *group)
{
	static const char begins[] =
		"net/http keeps connections for the next request: who opened one may not ";
	char *whole = NULL;
	size_t size;
	FILE *out = NULL;

	for (size_t i = 0; i < group->note_count; i++) {
		if (!out && strncmp(group->notes[i], begins, strlen(begins)) == 0)
			out = open_memstream(&whole, &size);
		if (out)
			fprintf(out, "%s%s", ftell(out) ? " " : "", group->notes[i]);
	}
	if (!out)
		return;
	fclose(out);
	char *text = page_safe(whole);

	page_prosef(page, NOTE_INDENT, 0, PAGE_PLAIN, "%s", text);
	free(text);
	free(whole);
}
