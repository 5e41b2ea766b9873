// SPDX-License-Identifier: MIT
/*
 * DWARF as a source of names: file, line and column of an address, and the functions that were
 * inlined there. It uses libdw, with an index of its own: libdw finds units by .debug_aranges,
 * which clang does not write, and walks a whole unit for each address. Here units are found by
 * their own ranges, and a unit's functions are listed once.
 *
 * The data is not trusted: a reference that goes backwards ends a walk, and ranges that begin
 * outside the file's code (those of functions that the linker discarded) are ignored.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/sorted_starts.h"
#include "dwarf_name.h"
#include "source.h"
#include "source_path.h"
#include "symbol_index.h"

enum {
	TREE_DEPTH_MAX = 128,
	INLINED_MAX = 64, /* most inlined functions at one address */
	OVERLAPS_MAX =
		16, /* most ranges that begin between an address and the range that it lies in */
	RANGES_MAX = 1 << 24, /* most ranges of one file or unit; later ones are not found */
};

struct range {
	Dwarf_Addr start, end; /* first: starts_until */
	Dwarf_Die die;         /* of the unit or function */
};

struct ranges {
	struct range *items;
	size_t count, room;
};

/* A unit whose functions have been listed. */
struct unit {
	Dwarf_Off offset;
	struct ranges functions;
	struct unit *next;
};

struct dwarf {
	Dwarf *dwarf;
	Dwarf_Addr bias; /* subtract it from an address of the file */
	const struct module_file *file;
	struct {
		Dwarf_Addr start, end;
	} code[16]; /* executable segments */
	size_t code_count;
	struct ranges units;
	struct unit *listed;
};

static int compare(const void *a, const void *b)
{
	const struct range *left = a, *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	/* The wider one first, because the search goes backwards and must meet the narrower one
	 * first. */
	return left->end > right->end ? -1 : left->end < right->end;
}

static bool is_code(const struct dwarf *dwarf, Dwarf_Addr address)
{
	for (size_t i = 0; i < dwarf->code_count; i++)
		if (address >= dwarf->code[i].start && address < dwarf->code[i].end)
			return true;
	return false;
}

static void add_range(struct ranges *ranges, Dwarf_Addr start, Dwarf_Addr end, const Dwarf_Die *die)
{
	if (ranges->count == ranges->room) {
		size_t room = ranges->room ? 2 * ranges->room : 64;
		struct range *items =
			room > RANGES_MAX ? NULL : realloc(ranges->items, room * sizeof(*items));

		if (!items)
			return;
		ranges->items = items;
		ranges->room = room;
	}
	ranges->items[ranges->count++] = (struct range){.start = start, .end = end, .die = *die};
}

/* Adds the ranges of this function or unit. False: it has none. */
static bool add_ranges_of(const struct dwarf *dwarf, struct ranges *ranges, Dwarf_Die *die)
{
	Dwarf_Addr base = 0, start = 0, end = 0;
	ptrdiff_t offset = 0;
	bool any = false;

	while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0) {
		any = true;
		if (start < end && is_code(dwarf, start + dwarf->bias))
			add_range(ranges, start, end, die);
	}
	return any;
}

static const struct range *find_range(const struct ranges *ranges, Dwarf_Addr address)
{
	size_t until = starts_until(ranges->items, ranges->count, sizeof(*ranges->items), address);

	for (size_t i = until; i > 0 && until - i < OVERLAPS_MAX; i--)
		if (address < ranges->items[i - 1].end)
			return &ranges->items[i - 1];
	return NULL;
}

/* Moves to the next sibling. False: there is none, or it lies before this one, which would loop. */
static bool next_sibling(Dwarf_Die *die)
{
	Dwarf_Off before = dwarf_dieoffset(die);

	return dwarf_siblingof(die, die) == 0 && dwarf_dieoffset(die) > before;
}

/* Lists the functions below die. clang and rustc put them into namespaces and structures. */
static void list_functions(const struct dwarf *dwarf, struct ranges *ranges, Dwarf_Die *die,
			   unsigned int depth)
{
	Dwarf_Die child;

	if (depth > TREE_DEPTH_MAX || dwarf_child(die, &child) != 0)
		return;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_subprogram:
			/* GNU C has functions in functions. */
			if (add_ranges_of(dwarf, ranges, &child))
				list_functions(dwarf, ranges, &child, depth + 1);
			break;
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_structure_type:
		case DW_TAG_class_type:
		case DW_TAG_union_type:
		case DW_TAG_enumeration_type:
		case DW_TAG_lexical_block:
			list_functions(dwarf, ranges, &child, depth + 1);
		}
	} while (next_sibling(&child));
}

/* With -gsplit-dwarf, the unit's functions are in another file, its .dwo. */
static Dwarf_Die tree_of(Dwarf_Die *unit)
{
	Dwarf_Die split = {0};

	if (dwarf_cu_info(unit->cu, NULL, NULL, NULL, &split, NULL, NULL, NULL) == 0 && split.addr)
		return split;
	return *unit;
}

static struct unit *list_unit(struct dwarf *dwarf, Dwarf_Die *die)
{
	Dwarf_Off offset = dwarf_dieoffset(die);

	for (struct unit *unit = dwarf->listed; unit; unit = unit->next)
		if (unit->offset == offset)
			return unit;

	struct unit *unit = calloc(1, sizeof(*unit));
	if (!unit)
		return NULL;
	unit->offset = offset;
	Dwarf_Die tree = tree_of(die);
	list_functions(dwarf, &unit->functions, &tree, 0);
	if (unit->functions.count)
		qsort(unit->functions.items, unit->functions.count, sizeof(struct range), compare);
	unit->next = dwarf->listed;
	dwarf->listed = unit;
	return unit;
}

static void list_units(struct dwarf *dwarf)
{
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (dwarf_get_units(dwarf->dwarf, unit, &unit, NULL, &type, &die, NULL) == 0) {
		if (type == DW_UT_type || type == DW_UT_partial)
			continue;
		if (!add_ranges_of(dwarf, &dwarf->units, &die)) {
			/* A unit without ranges: its functions have them. */
			struct ranges functions = {0};
			Dwarf_Die tree = tree_of(&die);

			list_functions(dwarf, &functions, &tree, 0);
			for (size_t i = 0; i < functions.count; i++)
				add_range(&dwarf->units, functions.items[i].start,
					  functions.items[i].end, &die);
			free(functions.items);
		}
	}
	if (dwarf->units.count)
		qsort(dwarf->units.items, dwarf->units.count, sizeof(struct range), compare);
}

static void list_code(struct dwarf *dwarf, Elf *elf)
{
	size_t count;

	if (elf_getphdrnum(elf, &count) != 0)
		return;
	for (size_t i = 0; i < count && i < 1024; i++) {
		GElf_Phdr header;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
		    !(header.p_flags & PF_X) ||
		    dwarf->code_count == sizeof(dwarf->code) / sizeof(*dwarf->code))
			continue;
		dwarf->code[dwarf->code_count].start = header.p_vaddr;
		dwarf->code[dwarf->code_count++].end = header.p_vaddr + header.p_memsz;
	}
}

static int dwarf_open(const struct module_file *file, void **state)
{
	Dwarf_Addr bias;
	Dwarf *handle = dwfl_module_getdwarf(file->dwfl, &bias);

	if (!handle)
		return -ENOENT;

	struct dwarf *dwarf = calloc(1, sizeof(*dwarf));
	if (!dwarf)
		return -ENOMEM;
	dwarf->dwarf = handle;
	dwarf->bias = bias;
	dwarf->file = file;
	list_code(dwarf, file->elf);
	list_units(dwarf);
	*state = dwarf;
	return 0;
}

static void dwarf_close(void *state)
{
	struct dwarf *dwarf = state;

	while (dwarf->listed) {
		struct unit *unit = dwarf->listed;

		dwarf->listed = unit->next;
		free(unit->functions.items);
		free(unit);
	}
	free(dwarf->units.items);
	free(dwarf);
}

/* The symbol at the function's first instruction, for functions of which DWARF has only the last
 * part of the name: compilers often leave out the linkage name of a lambda or of a local class. */
static const char *mangled_symbol(const struct dwarf *dwarf, const struct range *function,
				  char *text)
{
	GElf_Off offset = 0;
	GElf_Sym symbol;
	const char *name =
		symbol_index_find(dwarf->file, function->start + dwarf->bias, &offset, &symbol);
	size_t size = name ? strcspn(name, ".") : 0; /* without ".cold" */

	if (!name || offset != 0 || name[0] != '_' || (name[1] != 'Z' && name[1] != 'R') ||
	    size >= DWARF_NAME_MAX)
		return NULL;
	memcpy(text, name, size);
	text[size] = '\0';
	return text;
}

/* Inlining: the path of DIEs from the function down to the address. */

static bool has_ranges(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_low_pc) || dwarf_hasattr(die, DW_AT_ranges);
}

static size_t inlined_at(Dwarf_Die *function, Dwarf_Addr address, Dwarf_Die *path)
{
	Dwarf_Die at = *function, child;
	size_t count = 0;

	for (unsigned int depth = 0; depth < TREE_DEPTH_MAX && dwarf_child(&at, &child) == 0;
	     depth++) {
		bool found = false;

		do {
			int tag = dwarf_tag(&child);
			bool scope = tag == DW_TAG_inlined_subroutine ||
				     tag == DW_TAG_lexical_block || tag == DW_TAG_try_block ||
				     tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt;

			found = scope && has_ranges(&child) && dwarf_haspc(&child, address) == 1;
		} while (!found && next_sibling(&child));
		if (!found)
			break;
		if (dwarf_tag(&child) == DW_TAG_inlined_subroutine && count < INLINED_MAX)
			path[count++] = child;
		at = child;
	}
	return count;
}

static int number_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) != 0 || value > INT32_MAX)
		return 0;
	return (int)value;
}

/* NULL for libdw's placeholder for a file that the table does not have. */
static const char *known_file(const char *file)
{
	return file && strcmp(file, "???") != 0 ? file : NULL;
}

static const char *compilation_folder(Dwarf_Die *unit)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
}

/* Adds a location whose file may be relative to the folder that the compiler ran in. */
static void add(struct answer *answer, Dwarf_Die *unit, const char *function, const char *file,
		int line, int column, bool inlined)
{
	char path[SOURCE_PATH_MAX];

	answer_add(answer, function,
		   file ? source_path(path, compilation_folder(unit), file) : NULL, line, column,
		   inlined);
}

/* The file, line and column of the call that was inlined, in the function that contains it. */
static const char *call_site(Dwarf_Die *inlined, Dwarf_Die *unit, int *line, int *column)
{
	Dwarf_Files *files;
	size_t count;
	int index = number_of(inlined, DW_AT_call_file);

	*line = number_of(inlined, DW_AT_call_line);
	*column = number_of(inlined, DW_AT_call_column);
	/* 0 is a valid file since DWARF 5, and also number_of()'s answer for no file. */
	if (!dwarf_hasattr(inlined, DW_AT_call_file) ||
	    dwarf_getsrcfiles(unit, &files, &count) != 0 || (size_t)index >= count)
		return NULL;
	return known_file(dwarf_filesrc(files, (size_t)index, NULL, NULL));
}

static bool dwarf_find(void *state, uint64_t address, struct answer *answer)
{
	struct dwarf *dwarf = state;
	Dwarf_Addr pc = address - dwarf->bias;
	const struct range *in_unit = find_range(&dwarf->units, pc);

	if (!in_unit)
		return false;

	Dwarf_Die unit = in_unit->die, path[INLINED_MAX], tree = tree_of(&unit);
	struct unit *listed = list_unit(dwarf, &unit);
	const struct range *function = listed ? find_range(&listed->functions, pc) : NULL;
	size_t count = 0;
	const char *file = NULL, *outermost = NULL;
	int line = 0, column = 0;
	char text[DWARF_NAME_MAX];

	Dwarf_Line *row = dwarf_getsrc_die(&unit, pc);
	if (row) {
		file = known_file(dwarf_linesrc(row, NULL, NULL));
		if (dwarf_lineno(row, &line) != 0 || line < 0)
			line = 0;
		if (dwarf_linecol(row, &column) != 0 || column < 0)
			column = 0;
	}
	if (function) {
		Dwarf_Die die = function->die;

		count = inlined_at(&die, pc, path);
		outermost = dwarf_linkage_name(&die);
		if (!outermost)
			outermost = mangled_symbol(dwarf, function, text);
		outermost = dwarf_best_name(&die, outermost, text);
	} else {
		/* Code in assembly has lines in DWARF, but its names are only in the symbol
		 * table. */
		outermost = symbol_at(dwarf->file, address);
	}
	if (!file && !outermost)
		return false;
	for (size_t i = count; i > 0; i--) {
		char inlined_text[DWARF_NAME_MAX];
		const char *name = dwarf_best_name(&path[i - 1], dwarf_linkage_name(&path[i - 1]),
						   inlined_text);

		add(answer, &unit, name, file, line, column, true);
		file = call_site(&path[i - 1], &tree, &line, &column);
	}
	add(answer, &unit, outermost, file, line, column, false);
	return true;
}

const struct name_source source_dwarf = {
	.name = "DWARF",
	.open = dwarf_open,
	.find = dwarf_find,
	.close = dwarf_close,
};
