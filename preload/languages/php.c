// SPDX-License-Identifier: MIT
/*
 * PHP: version 8.2, built without thread safety. Its globals are one exported variable, and only
 * the main thread runs PHP. Offsets come from offsetof over the headers of that version; the
 * version, from the number of the interface (ZEND_MODULE_API_NO) in the first registered module.
 *
 * A function of PHP has no native frame of its own; each call from native code has one of
 * execute_ex.
 */
#include <string.h>

#include "preload/core/base/loaded_symbol.h"
#include "preload/core/capture/proven_memory.h"
#include "languages.h"

enum {
	API = 20220829, /* 8.2 */
	/* In executor_globals. */
	CURRENT = 488,
	FLAGS = 993,
	IN_SHUTDOWN = 1,
	/* In a frame (zend_execute_data). */
	FRAME_SIZE = 80,
	FRAME_OPLINE = 0,
	FRAME_FUNCTION = 24,
	FRAME_INFO = 40,
	FRAME_PREVIOUS = 48,
	CALL_TOP = 1 << 17, /* ZEND_CALL_TOP: native code has called it */
	/* In a function (zend_op_array), and an instruction. */
	FUNCTION_SIZE = 160,
	FUNCTION_NAME = 8,
	FUNCTION_CLASS = 16,
	FUNCTION_FILE = 152,
	INTERNAL = 1, /* the type of functions in C, whose frames are native ones */
	OPLINE_LINE = 24,
	/* In a class, and a string. */
	CLASS_NAME = 8,
	TEXT_HASH = 8,
	TEXT_LENGTH = 16,
	TEXT = 24,
	/* In the hash table of modules, and a module. */
	TABLE_DATA = 16,
	MODULE_API = 4,
	MAIN_STACK = 128 << 20, /* thread stacks lie further from the main stack's end */
};

extern void *__libc_stack_end; /* glibc's, since 2.1 */

static uintptr_t globals;
static const char *module;
static struct loaded_symbol loop;
static bool is_command; /* the php command, which ends after one script */

static bool find_api(uintptr_t registry, uint32_t *api)
{
	uintptr_t data, entry;

	/* A bucket begins with its value. */
	return proven_word(registry + TABLE_DATA, &data) && proven_word(data, &entry) &&
	       proven_copy(api, entry + MODULE_API, sizeof(*api)) && *api > 20000000;
}

static enum detected detect(struct detection *detection)
{
	struct loaded_symbol found, registry, sapi;
	uintptr_t text;
	uint32_t api;
	char name[4];

	if (!loaded_symbol_find("zend_execute_ex", &found) ||
	    !loaded_symbol_find("module_registry", &registry))
		return DETECTED_NOT;
	if (!loaded_symbol_find("executor_globals", &found)) {
		detection->trouble = "fdtrail doesn't know thread-safe builds";
		return DETECTED_UNKNOWN;
	}
	if (!find_api(registry.address, &api))
		return DETECTED_LATER; /* it has not started */
	detection->trouble = "fdtrail knows the frames of PHP 8.2";
	if (api != API || !loaded_symbol_find("execute_ex", &loop))
		return DETECTED_UNKNOWN;
	globals = found.address;
	module = found.module;
	is_command = loaded_symbol_find("sapi_module", &sapi) && proven_word(sapi.address, &text) &&
		     proven_copy(name, text, sizeof(name)) &&
		     memcmp(name, "cli", sizeof(name)) == 0;
	memcpy(detection->version, "8.2", 4);
	return DETECTED;
}

/* The hash of a zend_string, which names of functions and files have; 0: there is none. */
static uintptr_t hash_of(uintptr_t text)
{
	uintptr_t hash = 0;

	if (text)
		proven_word(text + TEXT_HASH, &hash);
	return hash;
}

static bool take_frame(uintptr_t frame, uintptr_t function, struct language_frame *taken)
{
	uintptr_t opline, name, file, class;
	uint32_t line, info;

	if (!proven_word(frame + FRAME_OPLINE, &opline) ||
	    !proven_copy(&line, opline + OPLINE_LINE, sizeof(line)) ||
	    !proven_word(function + FUNCTION_NAME, &name) ||
	    !proven_word(function + FUNCTION_CLASS, &class) ||
	    !proven_word(function + FUNCTION_FILE, &file))
		return false;
	info = number_at(frame + FRAME_INFO);
	uint64_t mark =
		(hash_of(name) ^ hash_of(file) << 1 ^ class << 16 ^ file) * 0x9e3779b97f4a7c15ULL;
	*taken = (struct language_frame){
		.code = function,
		.at = line,
		.check = (uint32_t)(mark >> 32) | 1,
		.flags = info & CALL_TOP ? LANGUAGE_ENTRY : 0,
	};
	return true;
}

static int frames(const struct registers *from, struct language_frame *into, int room)
{
	enum { SKIPPED_MOST = 256 }; /* functions in C in between */
	uintptr_t frame, function;
	int count = 0, skipped = 0;

	if ((uintptr_t)__libc_stack_end - from->sp > MAIN_STACK ||
	    !proven_word(globals + CURRENT, &frame))
		return 0;
	for (; frame && proven_readable(frame, FRAME_SIZE);
	     frame = word_at(frame + FRAME_PREVIOUS)) {
		function = word_at(frame + FRAME_FUNCTION);
		if (!function || !proven_readable(function, FUNCTION_SIZE) ||
		    byte_at(function) == INTERNAL) {
			if (++skipped > SKIPPED_MOST)
				break;
			continue;
		}
		if (count == room) {
			into[count - 1].flags |= LANGUAGE_MORE;
			break;
		}
		if (take_frame(frame, function, &into[count]))
			count++;
		else if (++skipped > SKIPPED_MOST)
			break;
	}
	return count;
}

/* Adds a zend_string to a text that ends in NUL. */
static bool add_text(char *text, size_t size, uintptr_t string)
{
	size_t used = strlen(text);
	uintptr_t length;

	if (!string || !proven_word(string + TEXT_LENGTH, &length))
		return false;
	if (length > size - 1 - used)
		length = size - 1 - used;
	if (!proven_copy(text + used, string + TEXT, length))
		return false;
	text[used + length] = '\0';
	return true;
}

static bool describe(const struct language_frame *frame, struct language_name *name)
{
	uintptr_t function, class, class_name, file;

	if (!proven_word(frame->code + FUNCTION_NAME, &function) ||
	    !proven_word(frame->code + FUNCTION_CLASS, &class) ||
	    !proven_word(frame->code + FUNCTION_FILE, &file) ||
	    !add_text(name->file, sizeof(name->file), file))
		return false;
	if (!function) {
		memcpy(name->function, "{main}", sizeof("{main}"));
	} else {
		/* A name that PHP itself would write so. */
		if (class && proven_word(class + CLASS_NAME, &class_name) &&
		    add_text(name->function, sizeof(name->function) - 2, class_name))
			strcat(name->function, "::");
		if (!add_text(name->function, sizeof(name->function), function))
			return false;
	}
	name->line = (uint32_t)frame->at;
	/* Composer's packages, Debian's, and archives. */
	name->library = strstr(name->file, "/vendor/") || strncmp(name->file, "phar://", 7) == 0 ||
			strncmp(name->file, "/usr/share/php/", 15) == 0;
	return true;
}

static bool is_loop(uintptr_t pc)
{
	return loaded_symbol_covers(&loop, pc);
}

static bool is_library(const char *path)
{
	return strcmp(path, module) == 0 || strstr(path, "/php/");
}

/* A server shuts down after each request; only the command's shutdown is its end. */
static bool is_finishing(void)
{
	return is_command && *(const volatile uint8_t *)(globals + FLAGS) & IN_SHUTDOWN;
}

const struct interpreter php = {
	.name = "php",
	.detect = detect,
	.frames = frames,
	.describe = describe,
	.is_loop = is_loop,
	.is_library = is_library,
	.is_finishing = is_finishing,
};
