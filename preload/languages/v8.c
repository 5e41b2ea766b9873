// SPDX-License-Identifier: MIT
/*
 * JavaScript in V8: Node 18, 20, 22 and 24. Functions of a script keep frame pointers on the native
 * stack (v8_walk.c); their names and lines are in V8's heap (v8_source.c, v8_place.c). None of V8's
 * functions is called in a hook, but the one that reads the thread's isolate (v8_walk.c).
 *
 * V8 leaves a function's table of positions out when it compiles it, and compiles it again when
 * someone wants a stack trace. That can't be done in a hook, so V8 is told at the start not to
 * (start). Without the table, a frame has the line where its function begins.
 */
#include <string.h>

#include "preload/core/base/line.h"
#include "preload/core/base/loaded_symbol.h"
#include "languages.h"
#include "libuv.h"
#include "v8_layout.h"
#include "v8_moves.h"
#include "v8_object.h"
#include "v8_place.h"
#include "v8_source.h"
#include "v8_walk.h"

enum { EVAL_DEPTH = 16 }; /* code made by code made by code */

/* The loader's names of the files with V8 and libuv. */
static const char *module, *loop_module;

static enum detected detect(struct detection *detection)
{
	static bool absent; /* it was, at the start */
	struct loaded_symbol version, loop;
	enum v8_found found = v8_layout_find(&detection->trouble);
	LINE(line, LINE_SHORT);

	if (found == V8_NOT) {
		absent = true;
		return DETECTED_NOT;
	}
	/* The first access of a thread to a variable of a library that was loaded later allocates
	 * memory, and the isolate is such a variable. */
	if (absent)
		v8_layout.exit_frame = 0;
	if (loaded_symbol_find("_ZN2v88internal7Version6major_E", &version))
		module = version.module;
	if (loaded_symbol_find("uv_default_loop", &loop))
		loop_module = loop.module;
	if (found == V8_OTHER)
		return DETECTED_UNKNOWN;
	line_add(&line, "V8 ");
	line_number(&line, v8_layout.major);
	line_add(&line, ".");
	line_number(&line, v8_layout.minor);
	memcpy(detection->version, line.text, strnlen(line.text, sizeof(detection->version) - 1));
	return DETECTED;
}

static void start(struct capture *capture)
{
	static const char flag[] = "--no-enable-lazy-source-positions";
	struct loaded_symbol found;

	if (loaded_symbol_find("_ZN2v82V818SetFlagsFromStringEPKcm", &found))
		((void (*)(const char *, size_t))found.address)(flag, sizeof(flag) - 1);
	v8_moves_start();
	libuv_start(capture);
}

/* The file of a script's name: a path, or a URL (modules; RFC 8089 for file: URLs). */
static void file_of_url(char *name)
{
	static const char file[] = "file://";
	char *to = name;

	if (strncmp(name, file, sizeof(file) - 1) != 0)
		return;
	for (const char *from = name + sizeof(file) - 1; *from; from++) {
		static const char digits[] = "0123456789abcdef";
		const char *high =
			from[0] == '%' && from[1] ? strchr(digits, from[1] | 0x20) : NULL;
		const char *low = high && from[2] ? strchr(digits, from[2] | 0x20) : NULL;

		if (low && (high != digits || low != digits)) {
			*to++ = (char)((high - digits) * 16 + (low - digits));
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static bool place_of(const struct language_frame *frame, struct v8_place *place)
{
	struct v8_place places[V8_PLACES];
	uintptr_t bytecodes, inlined = frame->at >> V8_AT_INLINED;

	*place = (struct v8_place){frame->code, V8_NO_POSITION};
	if (!inlined) {
		if (proven_word(frame->stack + V8_FP_BYTECODES, &bytecodes) &&
		    v8_is(bytecodes, v8_layout.type_bytecodes))
			place->position = v8_bytecode_position(bytecodes, (uint32_t)frame->at);
		return true;
	}
	uintptr_t pc = frame->at & (((uintptr_t)1 << V8_AT_INLINED) - 1);
	int count = v8_code_places(pc, frame->stack, frame->code, places, V8_PLACES);
	if (inlined > (uintptr_t)count)
		return false;
	*place = places[inlined - 1];
	return place->shared != 0;
}

/* Whether code of this script is a library's. Code that eval() has made belongs to the function
 * that called it. */
static bool is_library_script(uintptr_t script, const char *file)
{
	char name[LANGUAGE_FILE_MAX];
	uintptr_t caller;

	for (int depth = 0; !*file && depth < EVAL_DEPTH; depth++) {
		if (!v8_member(script, v8_layout.script_eval_shared, &caller) ||
		    !v8_is(caller, v8_layout.type_shared) || !(script = v8_script_of(caller)))
			return false;
		v8_script_name(script, name, sizeof(name));
		file = name;
	}
	return strncmp(file, "node:", 5) == 0 || strstr(file, "/node_modules/") != NULL;
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	struct v8_place place;

	if (!place_of(frame, &place))
		return false;
	uintptr_t script = v8_script_of(place.shared);
	if (!script)
		return false;
	v8_function_name(place.shared, name->function, sizeof(name->function));
	if (!*name->function)
		strcpy(name->function, "<anonymous>");
	v8_script_name(script, name->file, sizeof(name->file));
	name->library = is_library_script(script, name->file);
	file_of_url(name->file);
	if (!*name->file)
		strcpy(name->file, "<eval>");
	if (place.position == V8_NO_POSITION)
		place.position = v8_function_position(place.shared);
	name->line = v8_script_line(script, place.position);
	return true;
}

static bool is_library(const char *path)
{
	return (module && strcmp(path, module) == 0) ||
	       (loop_module && strcmp(path, loop_module) == 0);
}

const struct interpreter v8 = {
	.name = "javascript",
	.detect = detect,
	.start = start,
	.frames = v8_walk,
	.matches = v8_matches,
	.words = v8_words,
	.moves = &v8_moves,
	.describe = describe,
	.is_loop = v8_is_generated,
	.is_library = is_library,
};
