// SPDX-License-Identifier: MIT
/* The loader's list, read without its lock, says what dl_iterate_phdr(3) says with it. */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "preload/core/capture/listed_objects.h"

/* A library of the C library's package that nothing here needs. */
#define LIBRARY "libBrokenLocale.so.1"

static int compare(struct dl_phdr_info *info, size_t size, void *data)
{
	unsigned int *compared = data;
	struct object object;

	(void)size;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_GNU_EH_FRAME) {
			assert_true(listed_objects_find(start, &object));
			assert_int_equal(object.unwind_table, start);
		}
		if (header->p_type != PT_LOAD)
			continue;
		assert_true(listed_objects_find(start, &object));
		assert_int_equal(object.bias, info->dlpi_addr);
		assert_string_equal(object.path, info->dlpi_name);
		assert_int_equal(object.is_main, *compared == 0);
		assert_true(listed_objects_find(start + header->p_memsz - 1, &object));
		assert_true(object.start <= start && object.end >= start + header->p_memsz);
		assert_string_equal(object.path, info->dlpi_name);
	}
	++*compared;
	return 0;
}

static void each_loaded_object_is_found(void **state)
{
	unsigned int compared = 0;

	(void)state;
	dl_iterate_phdr(compare, &compared);
	assert_true(compared > 3);
}

static void other_addresses_are_in_none(void **state)
{
	struct object object;
	int here;

	(void)state;
	assert_false(listed_objects_find(0, &object));
	assert_false(listed_objects_find((uintptr_t)&here, &object));
	assert_false(listed_objects_find(UINTPTR_MAX, &object));
}

static void a_library_is_found_until_it_is_unloaded(void **state)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct object object;
	struct link_map *map;

	(void)state;
	assert_non_null(library);
	assert_int_equal(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
	uintptr_t bias = map->l_addr;
	assert_true(listed_objects_find(bias, &object));
	assert_non_null(strstr(object.path, LIBRARY));
	assert_int_equal(object.build_id_size, 20);
	assert_int_equal(dlclose(library), 0);
	listed_objects_restart();
	assert_false(listed_objects_find(bias, &object));
}

static atomic_bool finished;

static void *load_and_unload(void *data)
{
	while (!finished)
		dlclose(dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL));
	return data;
}

static void others_may_load_and_unload_meanwhile(void **state)
{
	struct object object;
	pthread_t thread;
	int here;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, load_and_unload, NULL), 0);
	for (int i = 0; i < 5000; i++) {
		listed_objects_restart();
		assert_false(listed_objects_find((uintptr_t)&here, &object));
		assert_true(listed_objects_find((uintptr_t)dlopen, &object));
	}
	finished = true;
	pthread_join(thread, NULL);
}

static void *find_dlopen(void *data)
{
	struct object object;

	listed_objects_restart();
	*(bool *)data = listed_objects_find((uintptr_t)dlopen, &object);
	return NULL;
}

static int find_in_another_thread(struct dl_phdr_info *info, size_t size, void *data)
{
	pthread_t thread;

	(void)info;
	(void)size;
	return pthread_create(&thread, NULL, find_dlopen, data) || pthread_join(thread, NULL) || 1;
}

/* A deadlock if it took the lock. */
static void the_loaders_lock_may_be_held(void **state)
{
	bool found = false;

	(void)state;
	dl_iterate_phdr(find_in_another_thread, &found);
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_loaded_object_is_found),
		cmocka_unit_test(other_addresses_are_in_none),
		cmocka_unit_test(a_library_is_found_until_it_is_unloaded),
		cmocka_unit_test(others_may_load_and_unload_meanwhile),
		cmocka_unit_test(the_loaders_lock_may_be_held),
	};

	return cmocka_run_group_tests_name("listed-objects", tests, NULL, NULL);
}
