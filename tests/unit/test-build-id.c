// SPDX-License-Identifier: MIT
/* The places of build-ids among the notes that linkers write, and in damaged files. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/build_id.h"

enum { NT_GO = 4 };

/* Writes a padded note at *at; returns its end. */
static uint8_t *put(uint8_t *at, const char *owner, uint32_t type, const char *description,
		    uint32_t size)
{
	Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = size, .n_type = type};
	char name[4] = {0};

	memcpy(name, owner, strlen(owner));
	memcpy(at, &note, sizeof(note));
	memcpy(at + sizeof(note), name, sizeof(name));
	memcpy(at + sizeof(note) + sizeof(name), description, size);
	return at + sizeof(note) + sizeof(name) + (size + 3) / 4 * 4;
}

/* Calls build_id_find() on a copy that ends where reading must end, so that a sanitizer notices
 * a byte too many. */
static size_t find(const uint8_t *notes, size_t size, size_t readable, char id[33])
{
	uint8_t *copy = malloc(readable ? readable : 1);
	const uint8_t *found = NULL;

	assert_non_null(copy);
	memcpy(copy, notes, readable);
	size_t length = build_id_find(copy, size, readable, &found);
	if (length && length <= 32) {
		memcpy(id, found, length);
		id[length] = 0;
	}
	free(copy);
	return length;
}

static void the_build_id_is_found_among_other_notes(void **state)
{
	uint8_t notes[256] = {0}, *end = notes;
	char id[33] = "";

	end = put(end, "GNU", NT_GNU_ABI_TAG, "abcde", 5);
	end = put(end, "XYZ", NT_GNU_BUILD_ID, "not this one", 12);
	end = put(end, "GNU", NT_GNU_BUILD_ID, "twenty bytes of hash", 20);
	size_t size = (size_t)(end - notes);
	assert_int_equal(find(notes, size, size, id), 20);
	assert_string_equal(id, "twenty bytes of hash");
}

static void the_build_id_is_found_after_a_segment_that_ends_with_gos_note(void **state)
{
	uint8_t notes[256] = {0}, *end = notes;
	char id[33] = "";

	end = put(end, "Go", NT_GO, "one/two/three/four", 18);
	size_t size = (size_t)(end - notes);
	end = put(end, "GNU", NT_GNU_BUILD_ID, "twenty bytes of hash", 20);
	assert_int_equal(find(notes, size, (size_t)(end - notes), id), 20);
	assert_string_equal(id, "twenty bytes of hash");
	/* If none of the note behind the segment may be read, or only a part of it, there is no
	 * build-id. */
	for (size_t readable = size; readable < (size_t)(end - notes); readable++)
		assert_int_equal(find(notes, size, readable, id), 0);
}

static void nothing_is_read_after_a_segment_that_ends_with_any_other_note(void **state)
{
	uint8_t notes[256] = {0}, *end = notes;
	char id[33] = "";

	end = put(end, "GNU", NT_GNU_ABI_TAG, "abcde", 5);
	size_t size = (size_t)(end - notes);
	end = put(end, "GNU", NT_GNU_BUILD_ID, "twenty bytes of hash", 20);
	assert_int_equal(find(notes, size, (size_t)(end - notes), id), 0);
	/* Only the first note after Go's is looked at. */
	end = put(notes, "Go", NT_GO, "one/two/three/four", 18);
	size = (size_t)(end - notes);
	end = put(end, "GNU", NT_GNU_ABI_TAG, "abcde", 5);
	end = put(end, "GNU", NT_GNU_BUILD_ID, "twenty bytes of hash", 20);
	assert_int_equal(find(notes, size, (size_t)(end - notes), id), 0);
}

static void a_size_that_reaches_beyond_the_notes_is_not_followed(void **state)
{
	static const uint32_t sizes[] = {INT32_MAX, UINT32_MAX, UINT32_MAX - 3, 1000};
	uint8_t notes[64] = {0};
	char id[33] = "";

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		for (int which = 0; which < 2; which++) {
			Elf64_Nhdr note = {4, 20, NT_GNU_BUILD_ID};

			*(which ? &note.n_namesz : &note.n_descsz) = sizes[i];
			memcpy(notes, &note, sizeof(note));
			assert_int_equal(find(notes, sizeof(notes), sizeof(notes), id), 0);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "the build-id is found among other notes",
		 .test_func = the_build_id_is_found_among_other_notes},
		{.name = "the build-id is found after a segment that ends with Go's note",
		 .test_func = the_build_id_is_found_after_a_segment_that_ends_with_gos_note},
		{.name = "nothing is read after a segment that ends with any other note",
		 .test_func = nothing_is_read_after_a_segment_that_ends_with_any_other_note},
		{.name = "a size that reaches beyond the notes is not followed",
		 .test_func = a_size_that_reaches_beyond_the_notes_is_not_followed},
	};
	return cmocka_run_group_tests_name("build-id", tests, NULL, NULL);
}
