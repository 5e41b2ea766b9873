// SPDX-License-Identifier: MIT
/*
 * Finds inlined functions. Each function has a tree of the calls that were inlined into it. Only
 * the program's module data (runtime.firstmoduledata) has the base address of the trees. A stripped
 * file has no symbol for the module data, but its first word is the address of the pcHeader, so it
 * can be found. The base's offset in it differs between versions of Go, so each offset is tried:
 * the right one is the one with which every tree is valid.
 */
#include "pclntab_layout.h"

enum {
	INLINE_TREE_INDEX = 2, /* the pcdata table with the tree's call that a pc is in */
	INLINE_TREE = 3,       /* the funcdata with the tree */

	MODULE_FUNCTIONS = 128, /* offset of the slice of functions, in all versions */
	MODULE_TEXT = 176,
	MODULE_BASE_FIRST = 256, /* first and last offset where the base of funcdata can be */
	MODULE_BASE_LAST = 512,
	TREES_TRIED = 200,
	CODE_TRIED = 4096, /* most bytes that are tried of each function */
};

struct inlined_call {
	uint32_t name;
	int32_t parent_pc;
};

/* Whether this table's module data lies at address. */
static bool is_module(const struct pclntab *table, uint64_t address)
{
	uint64_t header, names, functions, count;

	return go_elf_pointer(&table->elf, address, &header) && header == table->address &&
	       go_elf_pointer(&table->elf, address + 8, &names) &&
	       names == table->address + table->names.start &&
	       go_elf_pointer(&table->elf, address + MODULE_FUNCTIONS, &functions) &&
	       functions == table->address + table->functions.start &&
	       go_elf_pointer(&table->elf, address + MODULE_FUNCTIONS + 8, &count) &&
	       count > table->count;
}

static void find_in_relocations(struct pclntab *table)
{
	for (size_t i = 0; i < table->elf.pointer_count && !table->module; i++)
		if (table->elf.pointers[i].value == table->address &&
		    is_module(table, table->elf.pointers[i].address))
			table->module = table->elf.pointers[i].address;
}

static void find_in_data(struct pclntab *table)
{
	for (size_t i = 0; i < table->elf.segment_count && !table->module; i++) {
		const Elf64_Phdr *segment = &table->elf.segments[i];
		uint64_t size, word, at = -segment->p_vaddr & 7;
		const uint8_t *bytes;

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_W))
			continue;
		bytes = go_elf_bytes(&table->elf, segment->p_vaddr, &size);
		for (; bytes && at + 8 <= size; at += 8) {
			memcpy(&word, bytes + at, sizeof(word));
			if (word == table->address && is_module(table, segment->p_vaddr + at)) {
				table->module = segment->p_vaddr + at;
				break;
			}
		}
	}
}

void pclntab_find_module(struct pclntab *table)
{
	uint64_t text;

	table->module = 0;
	find_in_relocations(table);
	if (!table->module)
		find_in_data(table);
	/* Since Go 1.26 the header does not have the beginning of the text. */
	if (table->module && table->version != PCLNTAB_GO_1_16 && !table->text &&
	    go_elf_pointer(&table->elf, table->module + MODULE_TEXT, &text))
		table->text = text;
}

/* Finds the function's tree if base is right. False: it has none. */
static bool tree_of(const struct pclntab *table, const struct pclntab_function *function,
		    uint64_t base, uint64_t *tree)
{
	const struct pclntab_func *layout = pclntab_func_layout(table);
	uint64_t at = function->offset + layout->size;
	uint32_t counts, pcdata, offset;

	if (!pclntab_u32(table, function->offset + layout->npcdata, &pcdata) ||
	    !pclntab_u32(table, function->offset + layout->id, &counts) ||
	    counts >> 24 <= INLINE_TREE)
		return false;
	at += pcdata * 4ull;
	if (table->version == PCLNTAB_GO_1_16) {
		at = table->address + ((at + 7) & ~7ull) + INLINE_TREE * 8;
		return go_elf_pointer(&table->elf, at, tree) && *tree != 0;
	}
	if (!pclntab_u32(table, at + INLINE_TREE * 4, &offset) || offset == UINT32_MAX)
		return false;
	*tree = base + offset;
	return true;
}

static bool call_at(const struct pclntab *table, uint64_t tree, int32_t index,
		    struct inlined_call *call)
{
	bool old = table->version != PCLNTAB_GO_1_20;
	uint64_t size;
	const uint8_t *bytes =
		go_elf_bytes(&table->elf, tree + (uint32_t)index * (old ? 20ull : 16), &size);

	if (!bytes || size < (old ? 20 : 16))
		return false;
	memcpy(&call->name, bytes + (old ? 12 : 4), sizeof(call->name));
	memcpy(&call->parent_pc, bytes + (old ? 16 : 8), sizeof(call->parent_pc));
	return true;
}

/* Whether the function's tree is valid with this base; checks the middle of each run of code. */
static bool tree_makes_sense(const struct pclntab *table, const struct pclntab_function *function,
			     uint64_t base, unsigned int *calls)
{
	struct inlined_call call;
	uint32_t values;
	uint64_t tree;
	int32_t index, last = -1;

	if (!tree_of(table, function, base, &tree) ||
	    !pclntab_pcdata(table, function, INLINE_TREE_INDEX, &values))
		return true;
	for (uint64_t pc = function->entry; pc < function->end && pc - function->entry < CODE_TRIED;
	     pc++) {
		if (!pclntab_value(table, function, values, pc, &index))
			return true;
		if (index < 0 || index == last)
			continue;
		last = index;
		if (!call_at(table, tree, index, &call) || call.parent_pc < 0 ||
		    (uint32_t)call.parent_pc >= function->end - function->entry)
			return false;
		const char *name = pclntab_string(table, &table->names, call.name);
		/* Each name must begin where another one ends. */
		if (!name || !*name || (call.name && name[-1] != 0))
			return false;
		(*calls)++;
	}
	return true;
}

static bool base_makes_sense(const struct pclntab *table, uint64_t base)
{
	unsigned int calls = 0, tried = 0;
	uint64_t pc, size;
	struct pclntab_function function;

	if (table->version != PCLNTAB_GO_1_16 && !go_elf_bytes(&table->elf, base, &size))
		return false;
	for (pc = table->text; tried < TREES_TRIED && calls < TREES_TRIED;
	     pc = function.end, tried++) {
		if (!pclntab_find(table, pc, &function) || function.end <= pc)
			break;
		if (!tree_makes_sense(table, &function, base, &calls))
			return false;
	}
	return calls > 0;
}

void pclntab_find_inlining(struct pclntab *table)
{
	uint64_t base;

	if (table->version == PCLNTAB_GO_1_16) {
		/* In Go 1.16 each function has the absolute address of its tree. */
		table->inlining = true;
		return;
	}
	for (unsigned int at = MODULE_BASE_FIRST; table->module && at < MODULE_BASE_LAST; at += 8)
		if (go_elf_pointer(&table->elf, table->module + at, &base) && base &&
		    base_makes_sense(table, base)) {
			table->funcdata = base;
			table->inlining = true;
			return;
		}
}

size_t pclntab_locations(const struct pclntab *table, uint64_t pc,
			 struct pclntab_location *locations, size_t room)
{
	struct pclntab_function function;
	uint32_t values = 0;
	uint64_t tree = 0;
	size_t count = 0;
	int32_t index;

	if (room == 0 || !pclntab_find(table, pc, &function))
		return 0;
	if (table->inlining && tree_of(table, &function, table->funcdata, &tree) &&
	    !pclntab_pcdata(table, &function, INLINE_TREE_INDEX, &values))
		values = 0;
	while (tree && count + 1 < room && pclntab_value(table, &function, values, pc, &index) &&
	       index >= 0) {
		struct pclntab_location *location = &locations[count];
		struct inlined_call call;

		if (!call_at(table, tree, index, &call) || call.parent_pc < 0 ||
		    (uint32_t)call.parent_pc >= function.end - function.entry)
			break;
		location->function = pclntab_string(table, &table->names, call.name);
		if (!location->function || !*location->function)
			break;
		pclntab_line(table, &function, pc, &location->file, &location->line);
		pc = location->call = function.entry + (uint32_t)call.parent_pc;
		count++;
	}
	locations[count].function = function.name;
	locations[count].call = 0;
	pclntab_line(table, &function, pc, &locations[count].file, &locations[count].line);
	return count + 1;
}
