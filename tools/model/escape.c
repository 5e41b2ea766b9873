// SPDX-License-Identifier: MIT
/* See escape.h. */
#include "escape.h"

#include <obstack.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/snapshot/escape_text.h"
#include "preload/core/base/utf8.h"
#include "model_memory.h"

typedef void put_function(struct writer *writer, const char *bytes, size_t size);

/* Calls put with a writer over memory that holds any result: four characters a byte, and two
 * quotes. Returns that memory, which the caller frees. */
static char *escaped(const char *text, put_function *put, size_t *length)
{
	size_t size = strlen(text), room = 4 * size + 8;
	struct writer writer = {
		.fd = -1,
		.own = -1,
		.buffer = memory_array(NULL, room, 1),
		.size = room,
	};

	put(&writer, text, size);
	writer.buffer[writer.used] = '\0';
	*length = writer.used;
	return writer.buffer;
}

static void put_to(FILE *file, const char *text, put_function *put)
{
	size_t length;
	char *written = escaped(text, put, &length);

	fwrite(written, 1, length, file);
	free(written);
}

void escape_put(FILE *file, const char *text)
{
	put_to(file, text, put_escaped);
}

void escape_put_word(FILE *file, const char *text)
{
	put_to(file, text, put_word);
}

void escape_put_name(FILE *file, const char *text)
{
	put_to(file, text, strpbrk(text, " \"") ? put_quoted : put_escaped);
}

void escape_put_place(FILE *file, const char *text)
{
	put_to(file, text, strchr(text, ':') ? put_quoted : put_word);
}

char *escape_text(const char *text)
{
	size_t length;

	return escaped(text, put_escaped, &length);
}

/* The length of the printable character at bytes, or 0. */
static size_t printable(const char *bytes, size_t size)
{
	uint32_t character = 0;
	size_t length;

	if (*bytes >= ' ' && *bytes < 0x7f)
		return 1;
	length = utf8_decode((const uint8_t *)bytes, size, &character);
	return length && !utf8_is_invisible(character) ? length : 0;
}

bool escape_is_done(const char *bytes, size_t size)
{
	while (size) {
		size_t length = printable(bytes, size);

		if (!length)
			return false;
		bytes += length;
		size -= length;
	}
	return true;
}

char *escape_rest(const char *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char *text = memory_array(NULL, 4 * size + 1, 1), *to = text;

	while (size) {
		size_t length = printable(bytes, size);

		if (!length) {
			*to++ = '\\';
			*to++ = 'x';
			*to++ = digits[(unsigned char)*bytes >> 4];
			*to++ = digits[*bytes & 15];
			length = 1;
		} else {
			to = mempcpy(to, bytes, length);
		}
		bytes += length;
		size -= length;
	}
	*to = '\0';
	return text;
}
