// SPDX-License-Identifier: MIT
/* The index answers what libdwfl answers, for every symbol of real files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "tools/symbolize/symbol_index.h"

static size_t compared;

static void compare(const struct module_file *file, uint64_t address)
{
	GElf_Off offset = 0, other_offset = 0;
	GElf_Sym symbol = {0}, other = {0};
	const char *name = symbol_index_find(file, address, &offset, &symbol);
	const char *other_name =
		dwfl_module_addrinfo(file->dwfl, address, &other_offset, &other, NULL, NULL, NULL);

	assert_int_equal(name != NULL, other_name != NULL);
	if (!name)
		return;
	assert_string_equal(name, other_name);
	assert_int_equal(offset, other_offset);
	assert_memory_equal(&symbol, &other, sizeof(symbol));
	compared++;
}

/* Compares around every step-th symbol. */
static void compare_file(const char *path, int step)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	Dwfl *session = dwfl_begin(&callbacks);
	struct module_file file = {.symbols = symbol_index_create()};

	dwfl_report_begin(session);
	file.dwfl = dwfl_report_elf(session, path, path, -1, 0, true);
	assert_non_null(file.dwfl);
	dwfl_report_end(session, NULL, NULL);
	int count = dwfl_module_getsymtab(file.dwfl);
	for (int i = 0; i < count; i += step) {
		GElf_Addr start;
		GElf_Sym symbol;
		GElf_Word section;

		if (!dwfl_module_getsym_info(file.dwfl, i, &symbol, &start, &section, NULL, NULL))
			continue;
		compare(&file, start - 1);
		compare(&file, start);
		compare(&file, start + symbol.st_size / 2);
		compare(&file, start + symbol.st_size - 1);
		compare(&file, start + symbol.st_size);
	}
	symbol_index_destroy(file.symbols);
	dwfl_end(session);
}

static void the_answers_are_those_of_libdwfl(void **state)
{
	Dl_info library;

	(void)state;
	compare_file("/proc/self/exe", 1);
	assert_true(compared > 100);
	/* A stripped library, with versions and aliases. */
	assert_true(dladdr((void *)qsort, &library) != 0);
	compare_file(library.dli_fname, 7);
	assert_true(compared > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answers_are_those_of_libdwfl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
