// SPDX-License-Identifier: MIT
/* The mappings of a process, as parsed from /proc/PID/maps. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tools/process/mappings.h"

enum { PAGE = 4096 };

/* Maps a file of this name and looks it up; deleted: it was unlinked. */
static void expect_file(const char *name, bool deleted)
{
	char folder[] = "/tmp/fdtrail-mappings-XXXXXX", path[128];
	struct mappings mappings;
	const struct mapping *found;
	struct stat status;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 4 * PAGE), 0);
	assert_int_equal(fstat(fd, &status), 0);
	char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
	assert_true(at != MAP_FAILED);
	if (deleted)
		unlink(path);
	assert_int_equal(mappings_read(&mappings, getpid()), 0);
	found = mappings_find(&mappings, (uintptr_t)at + PAGE - 1);
	assert_non_null(found);
	assert_int_equal(found->start, (uintptr_t)at);
	assert_int_equal(found->end, (uintptr_t)at + PAGE);
	assert_int_equal(found->offset, 2 * PAGE);
	assert_int_equal(found->inode, status.st_ino);
	assert_int_equal(found->device, major(status.st_dev) << 20 | minor(status.st_dev));
	assert_false(found->writable);
	assert_false(found->executable);
	assert_string_equal(found->path, path);
	mappings_finish(&mappings);
	munmap(at, PAGE);
	close(fd);
	unlink(path);
	rmdir(folder);
}

static void a_mapped_file_has_its_name_whatever_bytes_that_holds(void **state)
{
	(void)state;
	expect_file("plain", false);
	expect_file("plain", true);
	expect_file("two words", false);
	expect_file("two\nlines\n", false);
	expect_file("two\nlines", true);
	expect_file("back\\slash", false);
	expect_file(" begins with a blank", false);
}

static void an_address_lies_in_one_mapping_or_none(void **state)
{
	char *pages = mmap(NULL, 5 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mappings mappings;
	const struct mapping *found;

	(void)state;
	assert_true(pages != MAP_FAILED);
	/* Two mappings side by side, a hole, and one more. */
	assert_int_equal(mprotect(pages, PAGE, PROT_READ), 0);
	assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(munmap(pages + 2 * PAGE, PAGE), 0);
	assert_int_equal(mprotect(pages + 3 * PAGE, PAGE, PROT_READ | PROT_EXEC), 0);
	assert_int_equal(mappings_read(&mappings, getpid()), 0);
	for (size_t i = 0; i < 2; i++) {
		found = mappings_find(&mappings, (uintptr_t)pages + i * PAGE);
		assert_non_null(found);
		assert_int_equal(found->start, (uintptr_t)pages + i * PAGE);
		assert_int_equal(found->writable, i == 1);
		assert_ptr_equal(mappings_find(&mappings, found->end - 1), found);
		assert_string_equal(found->path, "");
	}
	for (size_t i = 0; i < PAGE; i += PAGE - 1)
		assert_null(mappings_find(&mappings, (uintptr_t)pages + 2 * PAGE + i));
	found = mappings_find(&mappings, (uintptr_t)pages + 3 * PAGE);
	assert_non_null(found);
	assert_true(found->executable);
	assert_null(mappings_find(&mappings, 0));
	assert_null(mappings_find(&mappings, UINTPTR_MAX));
	mappings_finish(&mappings);
	munmap(pages, 5 * PAGE);
}

static void all_of_many_mappings_are_listed(void **state)
{
	enum { COUNT = 2000 };
	char *pages = mmap(NULL, 2 * COUNT * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct mappings mappings;

	(void)state;
	assert_true(pages != MAP_FAILED);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(mprotect(pages + 2 * i * PAGE, PAGE, PROT_NONE), 0);
	assert_int_equal(mappings_read(&mappings, getpid()), 0);
	assert_true(mappings.count > 2 * COUNT - 2);
	for (size_t i = 0; i + 1 < 2 * COUNT; i++) {
		const struct mapping *found = mappings_find(&mappings, (uintptr_t)pages + i * PAGE);

		assert_non_null(found);
		assert_int_equal(found->start, (uintptr_t)pages + i * PAGE);
	}
	mappings_finish(&mappings);
	munmap(pages, 2 * COUNT * PAGE);
}

static void a_process_that_does_not_exist_is_an_error(void **state)
{
	struct mappings mappings;

	(void)state;
	assert_true(mappings_read(&mappings, 1 << 23) < 0);
	assert_int_equal(mappings.count, 0);
	assert_null(mappings_find(&mappings, (uintptr_t)&mappings));
	mappings_finish(&mappings);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "a mapped file has its name, whatever bytes that holds",
		 .test_func = a_mapped_file_has_its_name_whatever_bytes_that_holds},
		{.name = "an address lies in one mapping or in none",
		 .test_func = an_address_lies_in_one_mapping_or_none},
		{.name = "all of many mappings are listed",
		 .test_func = all_of_many_mappings_are_listed},
		{.name = "a process that does not exist is an error",
		 .test_func = a_process_that_does_not_exist_is_an_error},
	};

	return cmocka_run_group_tests_name("mappings", tests, NULL, NULL);
}
