// SPDX-License-Identifier: MIT
/*
 * See v8_source.h. A function's scope (V8's src/objects/scope-info.tq) is a list of words: flags,
 * the number of parameters, the number n of variables, in newer versions the function's beginning
 * and end in the source; n names and n descriptions; then, for some flags, the function's name, a
 * name that V8 has inferred, and in older versions beginning and end. Its flags differ from version
 * to version, so the words are told apart by their kind, as OpenTelemetry's profiler does.
 */
#include "v8_source.h"

#include "v8_object.h"
#include "v8_place.h"

enum {
	SCOPE_WORDS = 12,     /* words after the variables that are looked at */
	SCOPE_NAMES_MAX = 75, /* with more variables, their names are in a table of their own */
};

uintptr_t v8_script_of(uintptr_t shared)
{
	uintptr_t script;

	/* With a debugger it may be a DebugInfo. */
	return v8_member(shared, v8_layout.shared_script, &script) &&
			       v8_is(script, v8_layout.type_script)
		       ? script
		       : 0;
}

struct scope {
	uintptr_t name, inferred;
	int32_t begin;
};

/* Reads the words after the scope's variables. */
static bool read_scope(uintptr_t scope, struct scope *found)
{
	uintptr_t locals, word, before = 1;
	uint32_t index;

	*found = (struct scope){.begin = V8_NO_POSITION};
	if (!v8_is(scope, v8_layout.type_scope) ||
	    !v8_member(scope, 8 + 8 * v8_layout.scope_locals, &locals) || !v8_is_small(locals) ||
	    v8_small(locals) < 0)
		return false;
	index = v8_layout.scope_first;
	if (index == 5) { /* beginning and end are before the variables */
		if (v8_member(scope, 8 + 8 * 3, &word) && v8_is_small(word))
			found->begin = v8_small(word);
	}
	index += v8_small(locals) >= SCOPE_NAMES_MAX ? 1 + (uint32_t)v8_small(locals)
						     : 2 * (uint32_t)v8_small(locals);
	for (uint32_t i = 0; i < SCOPE_WORDS; i++, index++) {
		if (!v8_member(scope, 8 + 8 * index, &word))
			return true;
		if (v8_is_string(word)) {
			if (!found->name)
				found->name = word;
			else if (!found->inferred)
				found->inferred = word;
		} else if (v8_is_pointer(word)) {
			return true; /* the outer scope */
		} else if (v8_is_small(before) && v8_small(before) < v8_small(word) &&
			   v8_layout.scope_first != 5) {
			found->begin = v8_small(before);
			return true;
		}
		before = word;
	}
	return true;
}

void v8_function_name(uintptr_t shared, char *name, size_t size)
{
	struct scope scope;
	uintptr_t word;

	*name = '\0';
	if (!v8_member(shared, v8_layout.shared_name, &word))
		return;
	if (v8_is_string(word)) {
		v8_string_copy(word, name, size);
	} else if (v8_is_pointer(word) && read_scope(word, &scope)) {
		if (scope.name)
			v8_string_copy(scope.name, name, size);
		if (!*name && scope.inferred)
			v8_string_copy(scope.inferred, name, size);
	}
}

int32_t v8_function_position(uintptr_t shared)
{
	struct scope scope;
	uintptr_t word;

	if (v8_member(shared, v8_layout.shared_name, &word) && v8_is_pointer(word) &&
	    read_scope(word, &scope))
		return scope.begin;
	return V8_NO_POSITION;
}

void v8_script_name(uintptr_t script, char *name, size_t size)
{
	uintptr_t word;

	*name = '\0';
	if (v8_member(script, v8_layout.script_name, &word))
		v8_string_copy(word, name, size);
}

struct lines {
	uint32_t left;  /* characters up to the position */
	uint32_t lines; /* ends of lines before it */
	bool carriage;  /* the last character was a carriage return */
};

/* ECMAScript's ends of lines: line feed, carriage return, both, and two of Unicode's. */
static bool count_lines(void *data, const struct v8_text *text)
{
	struct lines *lines = data;

	for (uint32_t i = 0; i < text->size && lines->left; i++, lines->left--) {
		uint32_t character = text->wide ? ((const uint16_t *)text->characters)[i]
						: ((const uint8_t *)text->characters)[i];

		if (character == '\r' || (character == '\n' && !lines->carriage) ||
		    character == 0x2028 || character == 0x2029)
			lines->lines++;
		lines->carriage = character == '\r';
	}
	return lines->left != 0;
}

uint32_t v8_script_line(uintptr_t script, int32_t position)
{
	struct lines lines = {.left = (uint32_t)position};
	uintptr_t source, first;

	if (position < 0 || !v8_member(script, v8_layout.script_source, &source) ||
	    !v8_string_each(source, count_lines, &lines) || lines.left)
		return 0;
	/* The script may begin in another file's line. */
	if (!v8_member(script, v8_layout.script_name + 8, &first) || !v8_is_small(first) ||
	    v8_small(first) < 0)
		first = 0;
	return 1 + lines.lines + (uint32_t)v8_small(first);
}
