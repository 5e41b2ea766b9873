// SPDX-License-Identifier: MIT
/* Symbols are found as dlsym finds them, and those of libraries that dlsym doesn't look in. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <string.h>

#include "preload/core/base/loaded_symbol.h"

static void functions_and_variables_are_where_dlsym_says(void **state)
{
	static const char *const names[] = {"fgetws",           "qsort_r",
					    "getprotobyname_r", "program_invocation_name",
					    "environ",          "cmocka_set_message_output"};
	int found = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct loaded_symbol symbol;
		void *address = dlsym(RTLD_DEFAULT, names[i]);

		assert_int_equal(loaded_symbol_find(names[i], &symbol), address != NULL);
		if (!address)
			continue;
		assert_int_equal(symbol.address, (uintptr_t)address);
		found++;
	}
	assert_true(found >= 4);
}

static void a_name_that_no_module_has_is_not_found(void **state)
{
	struct loaded_symbol symbol;

	(void)state;
	assert_false(loaded_symbol_find("no_module_has_this_name", &symbol));
	assert_false(loaded_symbol_find("", &symbol));
	assert_null(loaded_symbol_find_tls("no_module_has_this_name"));
}

static void a_library_with_local_symbols_is_searched(void **state)
{
	struct loaded_symbol symbol;
	void *library = dlopen("libresolv.so.2", RTLD_NOW | RTLD_LOCAL);
	void *address = library ? dlsym(library, "ns_sprintrr") : NULL;

	(void)state;
	if (!library)
		library = dlopen("libutil.so.1", RTLD_NOW | RTLD_LOCAL);
	assert_non_null(library);
	assert_false(loaded_symbol_busy());
	if (address) {
		assert_true(loaded_symbol_find("ns_sprintrr", &symbol));
		assert_int_equal(symbol.address, (uintptr_t)address);
		assert_non_null(strstr(symbol.module, "libresolv"));
		assert_true(symbol.size > 0);
	}
	dlclose(library);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_and_variables_are_where_dlsym_says),
		cmocka_unit_test(a_name_that_no_module_has_is_not_found),
		cmocka_unit_test(a_library_with_local_symbols_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
