// SPDX-License-Identifier: MIT
/* See go_build_info.h. The format is that of Go's debug/buildinfo: a header and two strings, the
 * version of Go and lines of words separated by tabs. Since Go 1.18 the strings follow the header;
 * before, the header had pointers to them. */
#include "go_build_info.h"

#include <string.h>

#include "pclntab.h"

enum {
	HEADER_SIZE = 32, /* Go 1.18 and later use only 16 of them */
	POINTER_SIZE_AT = 14,
	FLAGS_AT = 15,
	FLAG_BIG_ENDIAN = 1,
	FLAG_INLINE = 2,
	MARK_SIZE = 16, /* bytes of a random marker before and after the lines */
};

struct text {
	const uint8_t *bytes;
	uint64_t size;
};

/* Takes a string that follows its length, which is a number of 7 bits a byte, lowest first. */
static bool take_inline(struct text *from, struct text *string)
{
	uint64_t length = 0;
	unsigned int shift = 0;
	uint8_t byte;

	do {
		if (!from->size || shift > 56)
			return false;
		byte = *from->bytes++;
		from->size--;
		length |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (length > from->size)
		return false;
	*string = (struct text){from->bytes, length};
	from->bytes += length;
	from->size -= length;
	return true;
}

/* Takes the string that a pointer to a string's header (pointer and length) stands for. */
static bool take_pointed(const struct go_elf *elf, uint64_t at, struct text *string)
{
	uint64_t header, bytes, length;

	if (!go_elf_pointer(elf, at, &header) || !header || !go_elf_pointer(elf, header, &bytes) ||
	    !go_elf_pointer(elf, header + 8, &length))
		return false;
	string->bytes = go_elf_bytes(elf, bytes, &string->size);
	if (!string->bytes || length > string->size)
		return false;
	string->size = length;
	return true;
}

static bool find_lines(const struct go_elf *elf, struct text *lines)
{
	static const char magic[] = "\xff Go buildinf:";
	uint64_t address, section_size;
	struct text section, version;

	if (!go_elf_section(elf, ".go.buildinfo", &address, &section_size))
		return false;
	section.bytes = go_elf_bytes(elf, address, &section.size);
	if (!section.bytes || section.size < HEADER_SIZE ||
	    memcmp(section.bytes, magic, POINTER_SIZE_AT) != 0)
		return false;
	if (section.bytes[FLAGS_AT] & FLAG_INLINE) {
		section.bytes += HEADER_SIZE;
		section.size -= HEADER_SIZE;
		if (!take_inline(&section, &version) || !take_inline(&section, lines))
			return false;
	} else if (section.bytes[POINTER_SIZE_AT] != 8 ||
		   (section.bytes[FLAGS_AT] & FLAG_BIG_ENDIAN) ||
		   !take_pointed(elf, address + 24, lines)) {
		return false;
	}
	if (lines->size < 2 * MARK_SIZE + 1 || lines->bytes[lines->size - MARK_SIZE - 1] != '\n')
		return false;
	lines->bytes += MARK_SIZE;
	lines->size -= 2 * MARK_SIZE;
	return true;
}

struct module {
	const char *path;
	size_t length;
	bool is_main;
};

/* Takes the word after "WHAT\t" if the line begins so. */
static bool take_word(const char *line, const char *end, const char *what, const char **word,
		      size_t *length)
{
	size_t size = strlen(what);

	if ((size_t)(end - line) <= size || memcmp(line, what, size) != 0)
		return false;
	*word = line + size;
	const char *tab = memchr(*word, '\t', (size_t)(end - *word));
	*length = (size_t)((tab ? tab : end) - *word);
	return *length > 0;
}

/* Takes the next line "mod\tPATH\tVERSION" or "dep\tPATH\tVERSION" and moves *at after it. If files
 * of the main module were named to `go build`, it is a dep of version "(devel)". */
static bool next_module(const struct go_modules *modules, const char **at, struct module *module)
{
	static const char devel[] = "\t(devel)";
	const char *end = modules->lines + modules->size;

	while (*at < end) {
		const char *line = *at, *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;

		*at = newline ? newline + 1 : end;
		*module = (struct module){0};
		if (take_word(line, line_end, "mod\t", &module->path, &module->length)) {
			module->is_main = true;
			return true;
		}
		if (take_word(line, line_end, "dep\t", &module->path, &module->length)) {
			const char *version = module->path + module->length;

			module->is_main = (size_t)(line_end - version) >= sizeof(devel) - 1 &&
					  memcmp(version, devel, sizeof(devel) - 1) == 0;
			return true;
		}
	}
	return false;
}

/* The import path of package main: the first line. */
static bool main_path(const struct go_modules *modules, struct module *module)
{
	const char *end = modules->lines + modules->size;
	const char *newline = memchr(modules->lines, '\n', modules->size);

	return take_word(modules->lines, newline ? newline : end, "path\t", &module->path,
			 &module->length);
}

bool go_modules_find(const struct go_elf *elf, struct go_modules *modules)
{
	struct text lines;
	struct module module;

	if (!find_lines(elf, &lines))
		return false;
	*modules = (struct go_modules){(const char *)lines.bytes, (size_t)lines.size};
	return main_path(modules, &module);
}

static int hex_digit(char digit)
{
	return digit >= '0' && digit <= '9'   ? digit - '0'
	       : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
					      : -1;
}

/* Takes the next character of a package's path. The linker writes dots after the last slash as
 * %2e. */
static char next(const char **at, const char *end)
{
	if (**at == '%' && end - *at > 2 && hex_digit((*at)[1]) >= 0 && hex_digit((*at)[2]) >= 0) {
		char value = (char)(hex_digit((*at)[1]) * 16 + hex_digit((*at)[2]));

		*at += 3;
		return value;
	}
	return *(*at)++;
}

/* Whether a package lies in the folder of a module. */
static bool is_in(const char *package, const char *end, const struct module *module)
{
	for (size_t i = 0; i < module->length; i++)
		if (package >= end || next(&package, end) != module->path[i])
			return false;
	return package >= end || *package == '/';
}

/* The same for a program that was built without modules, in GOPATH. What is in the repository of
 * package main is its own: the first three parts of a path that begins with a domain. So are
 * packages whose path begins with none. */
static bool is_own_in_gopath(const struct go_modules *modules, const char *function,
			     const char *end)
{
	struct module repository;
	const char *slash = memchr(function, '/', (size_t)(end - function));

	if (memmem(function, (size_t)(end - function), "/vendor/", strlen("/vendor/")))
		return false;
	if (!slash || !memchr(function, '.', (size_t)(slash - function)))
		return !pclntab_is_standard(function);
	if (!main_path(modules, &repository))
		return false;
	size_t length = 0;
	for (int parts = 0; length < repository.length; length++)
		if (repository.path[length] == '/' && ++parts == 3)
			break;
	repository.length = length;
	return is_in(function, end, &repository);
}

bool go_modules_is_main(const struct go_modules *modules, const char *function)
{
	/* The package's path ends at the first dot after its last slash. Type parameters and
	 * receivers that follow have paths of their own. */
	const char *whole = function + strcspn(function, "([");
	const char *slash = memrchr(function, '/', (size_t)(whole - function));
	const char *from = slash ? slash : function;
	const char *end = memchr(from, '.', (size_t)(whole - from)), *at = modules->lines;
	struct module module, nearest = {0};
	bool any = false;

	if (!end)
		return false;
	if (end - function == 4 && memcmp(function, "main", 4) == 0)
		return true;
	/* A module may lie in a folder of another one, so the longest path counts. */
	for (; next_module(modules, &at, &module); any = true)
		if (module.length > nearest.length && is_in(function, end, &module))
			nearest = module;
	return any ? nearest.is_main : is_own_in_gopath(modules, function, end);
}
