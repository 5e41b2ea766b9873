// SPDX-License-Identifier: MIT
/* See clean_text.h. */
#include "clean_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define CUT         "..."

char *clean_text(const char *text, size_t limit)
{
	size_t size = strlen(text), used = 0;
	size_t fits = 0; /* bytes that stay if the text must be cut */
	/* Each byte becomes at most three. */
	char *clean = size <= SIZE_MAX / 4 ? malloc(3 * size + 1) : NULL;

	if (!clean)
		return NULL;
	for (const uint8_t *bytes = (const uint8_t *)text; size;) {
		uint32_t character;
		size_t length = utf8_decode(bytes, size, &character);

		if (length == 0 || utf8_is_invisible(character)) {
			memcpy(clean + used, REPLACEMENT, strlen(REPLACEMENT));
			used += strlen(REPLACEMENT);
		} else {
			memcpy(clean + used, bytes, length);
			used += length;
		}
		if (limit && used > limit) {
			memcpy(clean + fits, CUT, strlen(CUT));
			used = fits + strlen(CUT);
			break;
		}
		if (used + strlen(CUT) <= limit)
			fits = used;
		bytes += length ? length : 1;
		size -= length ? length : 1;
	}
	clean[used] = '\0';
	return clean;
}
