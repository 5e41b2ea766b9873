// SPDX-License-Identifier: MIT
/*
 * See dwarf_name.h. Compilers leave out the linkage name of lambdas, of inlined constructors and of
 * functions in local classes, and `operator()` alone does not help the reader.
 */
#include "dwarf_name.h"

#include <dwarf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "demangle.h"

enum { REFERENCES_MAX = 8 };

static const char *string_of(Dwarf_Die *die, unsigned int name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

const char *dwarf_linkage_name(Dwarf_Die *die)
{
	const char *name = string_of(die, DW_AT_linkage_name);

	return name ? name : string_of(die, DW_AT_MIPS_linkage_name);
}

static bool is_cpp(Dwarf_Die *die)
{
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return false;
	switch (dwarf_srclang(&unit)) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	/* DW_LANG_C_plus_plus_17, _20 and _23, which older headers lack. */
	case 0x2a:
	case 0x2b:
	case 0x3a:
		return true;
	default:
		return false;
	}
}

/* The declaration of the function, because that lies in the scopes around it. */
static Dwarf_Die declaration(Dwarf_Die die)
{
	static const unsigned int references[] = {DW_AT_abstract_origin, DW_AT_specification};
	Dwarf_Attribute attribute;
	Dwarf_Die next;

	for (int i = 0; i < REFERENCES_MAX; i++) {
		bool found = false;

		for (size_t r = 0; r < 2 && !found; r++)
			found = dwarf_formref_die(dwarf_attr(&die, references[r], &attribute),
						  &next);
		if (!found)
			break;
		die = next;
	}
	return die;
}

static const char *scope_name(Dwarf_Die *scope)
{
	const char *name = string_of(scope, DW_AT_name);

	switch (dwarf_tag(scope)) {
	case DW_TAG_namespace:
		return name ? name : "(anonymous namespace)";
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
		return name ? name : "{lambda}";
	case DW_TAG_subprogram:
		return name;
	default:
		return NULL;
	}
}

/* Finding the scopes around a function takes a walk through the whole unit, so each answer is
 * kept. */
struct known {
	const void *declaration; /* address of its bytes */
	char *name;
	UT_hash_handle hh;
};

static struct known *known_names;

static const char *find_known(const void *declaration)
{
	struct known *known = NULL;

	HASH_FIND_PTR(known_names, &declaration, known);
	return known ? known->name : NULL;
}

static void keep(const void *declaration, const char *name)
{
	struct known *known = calloc(1, sizeof(*known));

	if (!known)
		return;
	known->declaration = declaration;
	known->name = strdup(name);
	HASH_ADD_PTR(known_names, declaration, known);
}

static const char *qualify(Dwarf_Die *declared, const char *name, char *text)
{
	Dwarf_Die *scopes = NULL;
	int count = dwarf_getscopes_die(declared, &scopes);
	size_t size = 0;

	for (int i = count - 1; i > 0; i--) {
		const char *scope = scope_name(&scopes[i]);
		int added = scope ? snprintf(text + size, DWARF_NAME_MAX - size, "%s::", scope) : 0;

		if (added < 0 || (size_t)added >= DWARF_NAME_MAX - size) {
			size = 0;
			break;
		}
		size += (size_t)added;
	}
	free(scopes);
	if (size == 0 || strlen(name) >= DWARF_NAME_MAX - size)
		return name;
	strcpy(text + size, name);
	return text;
}

const char *dwarf_name(Dwarf_Die *die, char *text)
{
	const char *name = string_of(die, DW_AT_name);

	if (!name || !is_cpp(die))
		return name;

	Dwarf_Die declared = declaration(*die);
	const char *qualified = find_known(declared.addr);
	if (!qualified) {
		qualified = qualify(&declared, name, text);
		keep(declared.addr, qualified);
	}
	return qualified;
}

const char *dwarf_best_name(Dwarf_Die *die, const char *mangled, char *text)
{
	char demangled[DEMANGLE_TEXT_MAX];
	const char *name;

	if (mangled && demangle_try(mangled, demangled) <= DEMANGLE_DONE)
		return mangled;
	name = dwarf_name(die, text);
	return name ? name : mangled;
}
