// SPDX-License-Identifier: MIT
/*
 * Inlined functions. Each function has a tree of the calls that were inlined into it, in a place
 * that only the running program's module data knows (runtime.firstmoduledata). It has no name in a
 * stripped file, but it is the one place whose first word is the address of the pcHeader. Where in
 * it the base of the trees is differs from version to version, so it is not looked up in a list but
 * tried: the right one makes sense of every tree.
 */
#include "pclntab_layout.h"

enum {
	INLINE_TREE_INDEX = 2, /* the pcdata table: which call of the tree a pc is in */
	INLINE_TREE = 3,       /* the funcdata: the tree */

	MODULE_FUNCTIONS = 128, /* slice of the list of functions, in all versions */
	MODULE_TEXT = 176,
	MODULE_BASE_FIRST = 256, /* where the base of funcdata can be */
	MODULE_BASE_LAST = 512,
	TREES_TRIED = 200,
	CODE_TRIED = 4096, /* bytes of each function */
};

struct inlined_call {
	uint32_t name;
	int32_t parent_pc;
};

/* Whether the module data of this table is at address. */
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
	/* Go 1.26 and later: the header no longer says where the text begins. */
	if (table->module && table->version != PCLNTAB_GO_1_16 && !table->text &&
	    go_elf_pointer(&table->elf, table->module + MODULE_TEXT, &text))
		table->text = text;
}

/* Where the function's tree is, seen from base; false: it has none. */
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

/* Whether a tree seen from base makes sense: what the middle of each run of code says. */
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
		/* Each name begins where another one ends. */
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
		/* Its trees have addresses of their own. */
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
