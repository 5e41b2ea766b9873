// SPDX-License-Identifier: MIT
/*
 * OCaml's frame tables in both formats, and in damaged files. The file is made by hand from the
 * description of the formats; real/test_runtimes.py reads those of a compiler.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/ocaml_frames.h"

enum {
	FILE_SIZE = 0x700,
	CODE = 0x1000,
	CODE_END = 0x1100,
	DATA = 0x2000,
	/* offsets in the file */
	DATA_AT = 0x200,
	DYNAMIC = 0x540,
	RELOCATIONS = 0x580,
	/* offsets in the data */
	TABLES = 0,
	FIRST_TABLE = 0x40,
	INLINED = 0x100, /* locations */
	LONG = 0x120,
	OPEN_IN = 0x140, /* names */
	FIRST_LINE = 0x160,
	POLL = 0x180,
	LONG_POLL = 0x1a0,
	STDLIB_ML = 0x1c0, /* names of files */
	MAIN_ML = 0x1d0,
	SECOND_TABLE = 0x200,
};

static uint8_t file[FILE_SIZE];
static bool ends, relocated;

static void put(size_t offset, uint64_t value, size_t size)
{
	memcpy(file + DATA_AT + offset, &value, size);
}

/* A pointer: in a position-independent program its relocation has the value. */
static void put_pointer(size_t offset, uint64_t value)
{
	static size_t count;
	Elf64_Rela entry = {
		.r_offset = DATA + offset,
		.r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE),
		.r_addend = (int64_t)value,
	};

	if (offset == TABLES)
		count = 0;
	if (relocated)
		memcpy(file + RELOCATIONS + count++ * sizeof(entry), &entry, sizeof(entry));
	else
		put(offset, value, sizeof(value));
	assert_true(RELOCATIONS + count * sizeof(entry) <= FILE_SIZE);
}

static void put_name(size_t offset, size_t file_name, int column, const char *name)
{
	put(offset, file_name - offset, 4);
	if (column >= 0) {
		put(offset + 4, (uint64_t)column, 2);
		offset += 8;
	}
	memcpy(file + DATA_AT + offset + 4, name, strlen(name) + 1);
}

/* The end is in the same line. */
static void put_location(size_t offset, size_t name, uint32_t line, uint32_t column, bool more)
{
	uint32_t second = line << 12 | column << 4;

	if (ends)
		second = name == LONG_POLL ? 0x80000000u | line << 12 : line << 19 | column << 10;
	put(offset, (name - offset) | 5u << 26 | more, 4);
	put(offset + 4, second, 4);
}

static void put_header(void)
{
	const Elf64_Ehdr header = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_machine = EM_X86_64,
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 4,
	};
	const Elf64_Phdr segments[] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_vaddr = CODE,
		 .p_memsz = CODE_END - CODE},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_W,
		 .p_offset = DATA_AT,
		 .p_vaddr = DATA,
		 .p_filesz = DYNAMIC - DATA_AT},
		{.p_type = PT_LOAD,
		 .p_flags = PF_R,
		 .p_offset = DYNAMIC,
		 .p_vaddr = DATA + DYNAMIC,
		 .p_filesz = FILE_SIZE - DYNAMIC},
		{.p_type = PT_DYNAMIC, .p_offset = DYNAMIC, .p_filesz = 3 * sizeof(Elf64_Dyn)},
	};
	const Elf64_Dyn dynamic[] = {
		{.d_tag = DT_RELA, .d_un.d_ptr = DATA + RELOCATIONS},
		{.d_tag = DT_RELASZ, .d_un.d_val = FILE_SIZE - RELOCATIONS},
		{.d_tag = DT_NULL},
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), segments, sizeof(segments));
	if (relocated)
		memcpy(file + DYNAMIC, dynamic, sizeof(dynamic));
}

static void make(bool with_ends, bool with_relocations)
{
	memset(file, 0, sizeof(file));
	ends = with_ends;
	relocated = with_relocations;
	put_header();
	put_pointer(TABLES, DATA + FIRST_TABLE);
	put_pointer(TABLES + 8, DATA + SECOND_TABLE);

	put(FIRST_TABLE, 3, 8);
	/* A call, through two inlined functions. */
	put_pointer(0x48, CODE + 0x10);
	put(0x50, 16 | 1, 2);
	put(0x54, INLINED - 0x54, 4);
	/* A call of the garbage collector for two allocations, of which the second has a line. */
	put_pointer(0x58, CODE + 0x20);
	put(0x60, 32 | 3, 2);
	put(0x62, 1, 2);
	put(0x64, 8, 2);
	put(0x66, 2, 1);
	put(0x70, LONG - 0x70, 4);
	/* A call without lines. */
	put_pointer(0x78, CODE + 0x30);
	put(0x80, 32, 2);

	put(SECOND_TABLE, 1, 8);
	put_pointer(SECOND_TABLE + 8, CODE_END);
	put(SECOND_TABLE + 16, 0xffff, 2);

	put_location(INLINED, OPEN_IN, 410, 2, true);
	put_location(INLINED + 8, FIRST_LINE, 3, 31, true);
	put_location(INLINED + 16, POLL, 5, 39, false);
	put_location(LONG, ends ? LONG_POLL : POLL, 70000, 255, false);
	put_name(OPEN_IN, STDLIB_ML, -1, "Stdlib.open_in");
	put_name(FIRST_LINE, MAIN_ML, -1, "Main.first_line");
	put_name(POLL, MAIN_ML, -1, "Main.poll");
	put_name(LONG_POLL, MAIN_ML, 300, "Main.poll");
	memcpy(file + DATA_AT + STDLIB_ML, "stdlib.ml", 10);
	memcpy(file + DATA_AT + MAIN_ML, "main.ml", 8);
}

static struct ocaml_frames *frames_of(bool with_ends, bool with_relocations)
{
	make(with_ends, with_relocations);

	struct ocaml_frames *frames = ocaml_frames_create(file, sizeof(file), DATA + TABLES);
	assert_non_null(frames);
	return frames;
}

static void assert_location(const struct ocaml_location *location, const char *function,
			    const char *name, int line, int column)
{
	assert_string_equal(location->function, function);
	assert_string_equal(location->file, name);
	assert_int_equal(location->line, line);
	assert_int_equal(location->column, column);
}

static void inlined_functions_are_found(void **state)
{
	for (int i = 0; i < 4; i++) {
		struct ocaml_frames *frames = frames_of(i & 1, i & 2);
		struct ocaml_location found[OCAML_LOCATIONS_MAX];

		assert_int_equal(ocaml_frames_locations(frames, CODE + 0x10, found), 3);
		assert_location(&found[0], "Stdlib.open_in", "stdlib.ml", 410, 3);
		assert_location(&found[1], "Main.first_line", "main.ml", 3, 32);
		assert_location(&found[2], "Main.poll", "main.ml", 5, 40);
		ocaml_frames_destroy(frames);
	}
}

static void long_lines_and_columns_are_found(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct ocaml_frames *frames = frames_of(i, false);
		struct ocaml_location found[OCAML_LOCATIONS_MAX];

		assert_int_equal(ocaml_frames_locations(frames, CODE + 0x20, found), 1);
		/* Without ends, 255 stands for any larger column, too. */
		assert_location(&found[0], "Main.poll", "main.ml", 70000, i ? 301 : 0);
		ocaml_frames_destroy(frames);
	}
}

static void other_addresses_are_not_found(void **state)
{
	struct ocaml_frames *frames = frames_of(false, false);
	struct ocaml_location found[OCAML_LOCATIONS_MAX];

	assert_int_equal(ocaml_frames_locations(frames, CODE + 0xf, found), 0);
	assert_int_equal(ocaml_frames_locations(frames, CODE + 0x11, found), 0);
	assert_int_equal(ocaml_frames_locations(frames, CODE + 0x30, found), 0);
	assert_int_equal(ocaml_frames_locations(frames, CODE_END, found), 0);
	ocaml_frames_destroy(frames);
	ocaml_frames_destroy(NULL);
}

static void assert_refused(void)
{
	errno = EIO;
	assert_null(ocaml_frames_create(file, sizeof(file), DATA + TABLES));
	assert_int_equal(errno, 0);
}

/* Before OCaml 4.12 the file's name stood where the distance to it is now. */
static void tables_of_another_format_are_refused(void **state)
{
	make(false, false);
	memcpy(file + DATA_AT + POLL, "main.ml", 8);
	assert_refused();

	make(false, false);
	put_pointer(0x48, DATA); /* not code */
	assert_refused();

	make(false, false);
	put(FIRST_TABLE, UINT64_MAX, 8);
	assert_refused();
}

static void a_chain_without_an_end_is_refused(void **state)
{
	make(false, false);
	for (size_t at = INLINED; at < INLINED + 8 * (OCAML_LOCATIONS_MAX + 1); at += 8)
		put_location(at, 0x300, 1, 1, true);
	put_name(0x300, STDLIB_ML, -1, "f");
	assert_refused();
}

/* Makes every query of a file; the strings in the answers must be readable to their end. */
static void ask(const void *bytes, size_t size)
{
	struct ocaml_frames *frames = ocaml_frames_create(bytes, size, DATA + TABLES);
	struct ocaml_location found[OCAML_LOCATIONS_MAX];
	size_t length = 0;

	for (uint64_t pc = CODE; frames && pc <= CODE_END; pc++) {
		size_t count = ocaml_frames_locations(frames, pc, found);

		for (size_t i = 0; i < count; i++)
			length += strlen(found[i].function) + strlen(found[i].file);
	}
	assert_true(length < SIZE_MAX);
	ocaml_frames_destroy(frames);
}

static void a_file_cut_anywhere_does_no_harm(void **state)
{
	for (int i = 0; i < 4; i++) {
		make(i & 1, i & 2);
		for (size_t size = 0; size < sizeof(file); size++) {
			uint8_t *copy = malloc(size ? size : 1);

			memcpy(copy, file, size);
			ask(copy, size);
			free(copy);
		}
	}
}

static void a_file_with_any_damaged_byte_does_no_harm(void **state)
{
	static const uint8_t damages[] = {0x01, 0x80, 0xff};

	for (int i = 0; i < 4; i++)
		for (size_t at = 0; at < sizeof(file); at++)
			for (size_t j = 0; j < sizeof(damages); j++) {
				make(i & 1, i & 2);
				file[at] ^= damages[j];
				ask(file, sizeof(file));
			}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "inlined functions are found, in both formats, relocated or not",
		 .test_func = inlined_functions_are_found},
		{.name = "long lines and columns are found",
		 .test_func = long_lines_and_columns_are_found},
		{.name = "addresses that no call returns to are not found",
		 .test_func = other_addresses_are_not_found},
		{.name = "tables of another format are refused",
		 .test_func = tables_of_another_format_are_refused},
		{.name = "a chain of inlined functions without an end is refused",
		 .test_func = a_chain_without_an_end_is_refused},
		{.name = "a file cut anywhere does no harm",
		 .test_func = a_file_cut_anywhere_does_no_harm},
		{.name = "a file with any damaged byte does no harm",
		 .test_func = a_file_with_any_damaged_byte_does_no_harm},
	};
	return cmocka_run_group_tests_name("ocaml-frames", tests, NULL, NULL);
}
