// SPDX-License-Identifier: MIT
/* See html_text.h. */
#include "html_text.h"

#include <stdint.h>
#include <string.h>

#include "preload/core/base/utf8.h"

static const char *entity_of(uint32_t character)
{
	switch (character) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

void html_put(FILE *file, const char *text)
{
	const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text);

	while (at < end) {
		uint32_t character = 0;
		size_t length = utf8_decode(at, (size_t)(end - at), &character);
		const char *entity = length ? entity_of(character) : NULL;

		if (entity)
			fputs(entity, file);
		else if (length && (character == '\n' || !utf8_is_invisible(character)))
			fwrite_unlocked(at, 1, length, file);
		else
			fputs("\xef\xbf\xbd", file); /* U+FFFD */
		at += length ? length : 1;
	}
}
