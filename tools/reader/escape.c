// SPDX-License-Identifier: MIT
/* See escape.h. */
#include "escape.h"

#include <obstack.h>
#include <stdlib.h>
#include <string.h>

#include "../../preload/snapshot/put.h"
#include "memory.h"

typedef void put_function(struct writer *writer, const char *bytes, size_t size);

/* A writer over memory that holds all that is put: at most four characters for a byte, and quotes.
 */
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

char *escape_text(const char *text)
{
	size_t length;

	return escaped(text, put_escaped, &length);
}
