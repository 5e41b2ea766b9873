// SPDX-License-Identifier: MIT
/*
 * See demangle.h. libiberty limits its recursion, but not its output: with back references, each
 * part can be twice as long as the one before. Its callback interface hands out the text piece by
 * piece, and has allocated nothing then (except a few letters of a Rust identifier in Punycode), so
 * the callback may leave it by longjmp.
 */
#include "demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct text {
	char *bytes;
	size_t size;
	size_t pieces; /* including empty ones */
	jmp_buf too_long;
};

static void add(const char *piece, size_t size, void *opaque)
{
	struct text *text = opaque;

	if (size >= DEMANGLE_TEXT_MAX - text->size || ++text->pieces > DEMANGLE_TEXT_MAX)
		longjmp(text->too_long, 1);
	if (size) /* an empty piece may be NULL */
		memcpy(text->bytes + text->size, piece, size);
	text->size += size;
}

static enum demangle_result run(struct text *text, const char *mangled)
{
	const int options = DMGL_PARAMS | DMGL_ANSI | DMGL_RET_DROP;

	text->size = 0;
	text->pieces = 0;
	if (setjmp(text->too_long))
		return DEMANGLE_TOO_LONG;
	/* Rust first: its legacy names are C++ names with a hash. */
	if (rust_demangle_callback(mangled, options, add, text) && text->size)
		return DEMANGLE_DONE;
	text->size = 0;
	return cplus_demangle_v3_callback(mangled, options, add, text) && text->size
		       ? DEMANGLE_DONE
		       : DEMANGLE_UNREADABLE;
}

enum demangle_result demangle_try(const char *mangled, char *text)
{
	struct text state = {.bytes = text};

	if (strncmp(mangled, "_Z", 2) != 0 && strncmp(mangled, "_R", 2) != 0)
		return DEMANGLE_NOT_MANGLED;
	if (strnlen(mangled, DEMANGLE_NAME_MAX + 1) > DEMANGLE_NAME_MAX)
		return DEMANGLE_TOO_LONG;
	enum demangle_result result = run(&state, mangled);
	text[result == DEMANGLE_DONE ? state.size : 0] = '\0';
	return result;
}

const char *demangle(const char *mangled, char *text)
{
	return demangle_try(mangled, text) == DEMANGLE_DONE ? text : mangled;
}
