// SPDX-License-Identifier: MIT
/* See hotspot_names.h. */
#include "hotspot_names.h"

#include <string.h>

#include "preload/core/capture/proven_memory.h"
#include "hotspot_walk.h"

enum {
	WORD = sizeof(uintptr_t),
	SCOPES_MAX = 256,     /* functions compiled into one place */
	PLACES_MAX = 1 << 20, /* places of one compiled method that have debug information */
	LINES_MAX = 1 << 16,
	NO_BYTECODE = -1,
	BYTECODE_BIAS = -1, /* stored numbers of bytecodes are one more, for NO_BYTECODE */
};

/* A function and how far it has come. */
struct where {
	uintptr_t method;
	int64_t bytecode; /* index of the bytecode, or NO_BYTECODE */
};

static bool proven_byte(uintptr_t address, uint8_t *value)
{
	return proven_copy(value, address, sizeof(*value));
}

static bool proven_short(uintptr_t address, uint16_t *value)
{
	return proven_copy(value, address, sizeof(*value));
}

static bool proven_int(uintptr_t address, uint32_t *value)
{
	return proven_copy(value, address, sizeof(*value));
}

/* Reads a compressed number: up to four bytes of 192 and more, each with six bits, then a last one.
 * Since JDK 20 no byte is 0. */
static bool read_compact(const struct hotspot *vm, uintptr_t *place, uint32_t *number)
{
	enum { LAST_FROM = 192, MOST = 5 };
	uint8_t byte;

	*number = 0;
	for (unsigned int i = 0; i < MOST; i++) {
		if (!proven_byte((*place)++, &byte) || byte < vm->compact_zero)
			return false;
		*number += (uint32_t)(byte - vm->compact_zero) << 6 * i;
		if (byte < LAST_FROM)
			break;
	}
	return true;
}

static bool read_signed(const struct hotspot *vm, uintptr_t *place, int32_t *number)
{
	uint32_t folded;

	if (!read_compact(vm, place, &folded))
		return false;
	*number = (int32_t)(folded >> 1) ^ -(int32_t)(folded & 1);
	return true;
}

/* The symbol that entry index of a method's constant pool holds. */
static bool pool_symbol(const struct hotspot *vm, uintptr_t pool, uint16_t index, uintptr_t *symbol)
{
	return index && proven_word(pool + vm->pool_size + index * WORD, symbol) && *symbol;
}

/* Appends a symbol's text, its '/' as dots if dots. Returns the text's new length. */
static size_t append_symbol(const struct hotspot *vm, uintptr_t symbol, bool dots, char *text,
			    size_t length, size_t room)
{
	uint16_t bytes;
	uint32_t word;

	if (vm->symbol_length != HOTSPOT_NONE) {
		if (!proven_short(symbol + vm->symbol_length, &bytes))
			return length;
	} else {
		if (!proven_int(symbol + vm->symbol_length_and_count, &word))
			return length;
		bytes = (uint16_t)(word >> 16);
	}
	for (uint16_t i = 0; i < bytes && length + 1 < room; i++) {
		uint8_t byte;

		if (!proven_byte(symbol + vm->symbol_body + i, &byte) || !byte)
			break;
		if (dots && byte == '/')
			byte = '.';
		memcpy(&text[length++], &byte, 1);
	}
	text[length] = '\0';
	return length;
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* The classes that Java makes for lambdas, method handles and reflection. Most are hidden from its
 * own stack traces, too, and their names and numbers differ from one call to the next. */
static bool is_hidden(const char *class_name)
{
	return strstr(class_name, "$$Lambda") || starts_with(class_name, "java/lang/invoke/") ||
	       starts_with(class_name, "jdk/internal/reflect/") ||
	       starts_with(class_name, "sun/reflect/");
}

/* The line of a bytecode: the last entry that doesn't begin after it. The table is a list of steps
 * of both, a byte for small ones. */
static uint32_t find_line(const struct hotspot *vm, uintptr_t constants, int64_t bytecode)
{
	enum { END = 0, LARGE = 0xff, LINE_BITS = 3 };
	int64_t at = 0, line = 0, found = 0;
	uint32_t flags;
	uint16_t size;

	if (bytecode < 0 || !proven_int((constants + vm->const_flags) & -4UL, &flags) ||
	    !proven_short(constants + vm->const_code_size, &size))
		return 0;
	if (vm->const_flags % 4)
		flags >>= 16;
	if (!(flags & (uint32_t)vm->has_lines))
		return 0;
	uintptr_t place = constants + vm->const_size + size;
	for (int i = 0; i < LINES_MAX; i++) {
		uint8_t byte;

		if (!proven_byte(place++, &byte) || byte == END)
			break;
		if (byte == LARGE) {
			int32_t step;

			if (!read_signed(vm, &place, &step))
				break;
			at += step;
			if (!read_signed(vm, &place, &step))
				break;
			line += step;
		} else {
			at += byte >> LINE_BITS;
			line += byte & ((1 << LINE_BITS) - 1);
		}
		if (at > bytecode)
			break;
		found = line;
	}
	return found > 0 ? (uint32_t)found : 0;
}

/* Names a function; "?" if its structures can't be read. False: it is hidden. */
static bool name_method(const struct hotspot *vm, const struct where *where,
			struct language_name *name)
{
	static const char *const libraries[] = {
		"java/",   "javax/", "jdk/",          "sun/",    "com/sun/",
		"kotlin/", "scala/", "clojure/lang/", "groovy/", "org/codehaus/groovy/"};
	uintptr_t constants, pool, holder, symbol;
	uint16_t index;

	*name = (struct language_name){.function = "?", .library = true};
	if (!where->method || !proven_word(where->method + vm->method_const, &constants) ||
	    !proven_word(constants + vm->const_constants, &pool) ||
	    !proven_word(pool + vm->pool_holder, &holder) ||
	    !proven_word(holder + vm->class_name, &symbol))
		return true;
	if (!append_symbol(vm, symbol, false, name->function, 0, sizeof(name->function))) {
		name->function[0] = '?';
		return true;
	}
	if (is_hidden(name->function))
		return false;
	name->library = false;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
		name->library |= starts_with(name->function, libraries[i]);
	size_t length = append_symbol(vm, symbol, true, name->function, 0, sizeof(name->function));
	if (proven_short(constants + vm->const_name, &index) &&
	    pool_symbol(vm, pool, index, &symbol) && length + 1 < sizeof(name->function)) {
		name->function[length++] = '.';
		append_symbol(vm, symbol, false, name->function, length, sizeof(name->function));
	}
	if (proven_short(vm->pool_file != HOTSPOT_NONE ? pool + vm->pool_file
						       : holder + vm->class_file,
			 &index) &&
	    pool_symbol(vm, pool, index, &symbol))
		append_symbol(vm, symbol, false, name->file, 0, sizeof(name->file));
	name->line = find_line(vm, constants, where->bytecode);
	return true;
}

static bool offset_from(uintptr_t base, uintptr_t member, uintptr_t *address)
{
	uint32_t offset;

	if (!proven_int(member, &offset))
		return false;
	*address = base + offset;
	return true;
}

/* Finds the debug information of a return address: the place of the innermost function's scope, and
 * the address that scopes are relative to. */
static bool find_scope(const struct hotspot *vm, uintptr_t blob, uintptr_t pc, uintptr_t *scopes,
		       uint32_t *scope)
{
	uintptr_t code, data = blob, descriptor;

	if (vm->blob_code_begin != HOTSPOT_NONE
		    ? !proven_word(blob + vm->blob_code_begin, &code)
		    : !offset_from(blob, blob + vm->blob_code_offset, &code))
		return false;
	if (vm->nmethod_immutable_data != HOTSPOT_NONE &&
	    !proven_word(blob + vm->nmethod_immutable_data, &data))
		return false;
	if (vm->nmethod_scopes_begin != HOTSPOT_NONE
		    ? !proven_word(blob + vm->nmethod_scopes_begin, scopes)
		    : !offset_from(data, blob + vm->nmethod_scopes, scopes))
		return false;
	if (!offset_from(data, blob + vm->nmethod_pcs, &descriptor))
		return false;
	/* Sorted; the last one has the largest number. */
	for (int i = 0; i < PLACES_MAX; i++, descriptor += vm->pc_desc_size) {
		uint32_t offset;

		if (!proven_int(descriptor + vm->pc_desc_pc, &offset))
			return false;
		if ((int64_t)(int32_t)offset < (int64_t)(pc - code))
			continue;
		return offset == pc - code && proven_int(descriptor + vm->pc_desc_scope, scope);
	}
	return false;
}

/* Entry index, from 1, of an nmethod's table of methods and classes. */
static bool metadata_at(const struct hotspot *vm, uintptr_t blob, uint32_t index, uintptr_t *value)
{
	uintptr_t table;
	uint32_t offset;
	uint16_t near;

	if (vm->blob_mutable_data != HOTSPOT_NONE) { /* 25 */
		if (!proven_word(blob + vm->blob_mutable_data, &table) ||
		    !proven_int(blob + vm->blob_relocation_size, &offset))
			return false;
		table += offset;
	} else if (vm->nmethod_immutable_data != HOTSPOT_NONE) { /* 23 */
		if (!offset_from(blob, blob + vm->blob_data_offset, &table) ||
		    !proven_short(blob + vm->nmethod_metadata, &near))
			return false;
		table += near;
	} else if (!offset_from(blob, blob + vm->nmethod_metadata, &table)) {
		return false;
	}
	return index && proven_word(table + (index - 1) * (uintptr_t)WORD, value);
}

static bool name_compiled(const struct hotspot *vm, uintptr_t blob, uintptr_t pc,
			  unsigned int inlined, struct language_name *name)
{
	struct where where = {.bytecode = NO_BYTECODE};
	uintptr_t scopes;
	uint32_t scope, method, bytecode;

	if (!find_scope(vm, blob, pc, &scopes, &scope) || !scope)
		return proven_word(blob + vm->nmethod_method, &where.method) && !inlined &&
		       name_method(vm, &where, name);
	for (int i = 0; i < SCOPES_MAX && scope; i++) {
		uintptr_t place = scopes + scope;

		/* The scope of the caller, 0 if it isn't part of this code; method; bytecode. */
		if (!read_compact(vm, &place, &scope) || !read_compact(vm, &place, &method) ||
		    !read_compact(vm, &place, &bytecode))
			return false;
		if (!metadata_at(vm, blob, method, &where.method))
			where.method = 0;
		where.bytecode = (int64_t)bytecode + BYTECODE_BIAS;
		if (name_method(vm, &where, name) && !inlined--)
			return true;
	}
	return false;
}

bool hotspot_name(const struct hotspot *vm, const struct language_frame *frame,
		  struct language_name *name)
{
	struct where where = {.method = frame->code};
	uintptr_t constants;

	if (hotspot_owns(vm, frame->code))
		return name_compiled(vm, frame->code, frame->at, frame->inlined, name);
	if (frame->inlined)
		return false;
	if (!proven_word(where.method + vm->method_const, &constants))
		return name_method(vm, &where, name);
	uintptr_t first = constants + vm->const_size;
	where.bytecode = frame->at >= first && frame->at - first <= UINT16_MAX
				 ? (int64_t)(frame->at - first)
				 : NO_BYTECODE;
	return name_method(vm, &where, name);
}
