// SPDX-License-Identifier: MIT
/* Names Python's frames: reads code objects and the text of str objects. */
#include <string.h>

#include "preload/core/base/line.h"
#include "preload/core/capture/proven_memory.h"
#include "python_internal.h"

enum {
	LINES_MAX = 32 * 1024, /* most bytes of a table of lines that are read */
	BYTE_ESCAPE = 0xdc00,  /* a byte that is no valid text: PEP 383 */
};

/* Adds one character in UTF-8. False: no room. */
static bool put_character(char **at, const char *end, uint32_t c)
{
	char bytes[4];
	size_t count = 0;

	if (c >= BYTE_ESCAPE + 0x80 && c <= BYTE_ESCAPE + 0xff) {
		bytes[count++] = (char)(c - BYTE_ESCAPE);
	} else if (c < 0x80) {
		bytes[count++] = (char)c;
	} else if (c < 0x800) {
		bytes[count++] = (char)(0xc0 | c >> 6);
		bytes[count++] = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		bytes[count++] = (char)(0xe0 | c >> 12);
		bytes[count++] = (char)(0x80 | (c >> 6 & 63));
		bytes[count++] = (char)(0x80 | (c & 63));
	} else {
		bytes[count++] = (char)(0xf0 | (c >> 18 & 7));
		bytes[count++] = (char)(0x80 | (c >> 12 & 63));
		bytes[count++] = (char)(0x80 | (c >> 6 & 63));
		bytes[count++] = (char)(0x80 | (c & 63));
	}
	if ((size_t)(end - *at) < count)
		return false;
	memcpy(*at, bytes, count);
	*at += count;
	return true;
}

bool python_text(const struct python_layout *layout, uintptr_t object, char *text, size_t size)
{
	enum {
		COMPACT = 1 << 3,
		ASCII = 1 << 4,
		KIND = 7
	}; /* PyASCIIObject.state after the shift */
	char *at = text, *end = text + size - 1;
	uintptr_t length, state, data;
	uint32_t c = 0;

	*text = '\0';
	if (!proven_word(object + layout->str_length, &length) ||
	    !proven_word(object + layout->str_state, &state))
		return false;
	state = (uint32_t)state >> layout->state_shift;
	size_t kind = state & KIND;
	if ((kind != 1 && kind != 2 && kind != 4) || length > INT32_MAX)
		return false;
	if (state & COMPACT)
		data = object + (state & ASCII ? layout->ascii_size : layout->compact_size);
	else if (!proven_word(object + layout->compact_size, &data))
		return false;
	for (uintptr_t i = 0; i < length; i++, data += kind) {
		/* A little-endian machine: the character's bytes are the lowest ones. */
		if (!proven_copy(&c, data, kind))
			return false;
		if (!c || !put_character(&at, end, c))
			break;
	}
	*at = '\0';
	return true;
}

static uint32_t line_of(const struct python_layout *layout, const struct language_frame *frame,
			uint32_t first)
{
	static uint8_t data[LINES_MAX]; /* used under the capture lock only */
	uintptr_t table, size;

	if (!proven_word(frame->code + layout->code_lines, &table) ||
	    !proven_word(table + layout->bytes_size, &size) || size > INT32_MAX)
		return first;
	if (size > sizeof(data))
		size = sizeof(data);
	if (!proven_copy(data, table + layout->bytes_data, size))
		return first;
	/* A frame that has not begun has an offset before its code. */
	uint32_t line = (intptr_t)frame->at < 0 ? 0
						: python_line(layout->lines, data, size, first,
							      (uint32_t)frame->at);
	return line ? line : first;
}

/* The standard library is in PREFIX/lib/pythonX.Y (or lib64, or a zip file of that name), and
 * installed packages are in site-packages, or Debian's dist-packages. */
static bool is_library(const struct python_layout *layout, const char *file)
{
	LINE(standard, LINE_SHORT);
	LINE(zip, LINE_SHORT);

	line_add(&standard, "/python");
	line_number(&standard, layout->major);
	line_add(&standard, ".");
	line_number(&standard, layout->minor);
	line_add(&standard, "/");
	line_add(&zip, "/python");
	line_number(&zip, layout->major);
	line_number(&zip, layout->minor);
	line_add(&zip, ".zip/");
	const char *in_lib = strstr(file, standard.text);
	bool lib = in_lib && ((in_lib - file >= 4 && memcmp(in_lib - 4, "/lib", 4) == 0) ||
			      (in_lib - file >= 6 && memcmp(in_lib - 6, "/lib64", 6) == 0));

	return strncmp(file, "<frozen ", 8) == 0 || strstr(file, "/site-packages/") ||
	       strstr(file, "/dist-packages/") || strstr(file, zip.text) || lib;
}

bool python_name(const struct python_layout *layout, uintptr_t type,
		 const struct language_frame *frame, struct language_name *name)
{
	uintptr_t word, file;
	uint32_t first;

	if (!proven_word(frame->code + layout->object_type, &word) || word != type)
		return false;
	if ((!proven_word(frame->code + layout->code_qualified, &word) ||
	     !python_text(layout, word, name->function, sizeof(name->function)) ||
	     !*name->function) &&
	    (!proven_word(frame->code + layout->code_name, &word) ||
	     !python_text(layout, word, name->function, sizeof(name->function)) ||
	     !*name->function))
		return false;
	if (!proven_word(frame->code + layout->code_file, &file) ||
	    !python_text(layout, file, name->file, sizeof(name->file)) ||
	    !proven_copy(&first, frame->code + layout->code_first_line, sizeof(first)))
		return false;
	name->line = line_of(layout, frame, first);
	name->library = is_library(layout, name->file);
	return true;
}
