// SPDX-License-Identifier: MIT
/*
 * Tests of preload/core/base/arena.h: memory that hooks can take in any context.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "../in_range.h"
#include "preload/core/base/arena.h"

static void pieces_are_zeroed_and_aligned(void **state)
{
	static const char zeros[70000];
	struct arena arena = {.limit = 0};

	for (size_t size = 1; size < sizeof(zeros); size += 97) {
		char *piece = arena_alloc(&arena, size);
		assert_non_null(piece);
		assert_int_equal((uintptr_t)piece % 16, 0);
		assert_memory_equal(piece, zeros, size);
		memset(piece, 0xff, size);
	}
}

static void large_pieces_leave_the_chunk_alone(void **state)
{
	struct arena arena = {.limit = 0};
	char *before = arena_alloc(&arena, 16);
	char *large = arena_alloc(&arena, 1 << 20);
	char *after = arena_alloc(&arena, 16);

	assert_non_null(large);
	memset(large, 1, 1 << 20);
	assert_ptr_equal(after, before + 16);
}

static void the_limit_is_kept(void **state)
{
	struct arena arena = {.limit = 1 << 20};
	size_t pieces = 0;

	while (arena_alloc(&arena, 4096))
		pieces++;
	assert_uint_in_range(pieces, 200, 256);
	assert_uint_in_range(atomic_load(&arena.total), 1, 1 << 20);
}

static void absurd_sizes_are_refused(void **state)
{
	struct arena arena = {.limit = 0};

	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX / 2));
	assert_non_null(arena_alloc(&arena, 1));
}

enum { THREADS = 4, PIECES = 20000 };

struct worker {
	struct arena *arena;
	pthread_t thread;
	unsigned char mark;
	unsigned char *pieces[PIECES];
};

static void *take_and_mark(void *argument)
{
	struct worker *worker = argument;

	for (size_t i = 0; i < PIECES; i++) {
		worker->pieces[i] = arena_alloc(worker->arena, 32);
		if (worker->pieces[i])
			memset(worker->pieces[i], worker->mark, 32);
	}
	return NULL;
}

static void threads_never_share_a_piece(void **state)
{
	static struct worker workers[THREADS];
	struct arena arena = {.limit = 0};
	unsigned char marks[32];

	for (size_t t = 0; t < THREADS; t++) {
		workers[t].arena = &arena;
		workers[t].mark = (unsigned char)(t + 1);
		assert_int_equal(
			pthread_create(&workers[t].thread, NULL, take_and_mark, &workers[t]), 0);
	}
	for (size_t t = 0; t < THREADS; t++)
		pthread_join(workers[t].thread, NULL);
	for (size_t t = 0; t < THREADS; t++) {
		memset(marks, workers[t].mark, sizeof(marks));
		for (size_t i = 0; i < PIECES; i++) {
			assert_non_null(workers[t].pieces[i]);
			assert_memory_equal(workers[t].pieces[i], marks, sizeof(marks));
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		{.name = "pieces are zeroed and aligned to 16",
		 .test_func = pieces_are_zeroed_and_aligned},
		{.name = "a large piece leaves the current chunk alone",
		 .test_func = large_pieces_leave_the_chunk_alone},
		{.name = "an arena's limit is kept", .test_func = the_limit_is_kept},
		{.name = "absurd sizes are refused", .test_func = absurd_sizes_are_refused},
		{.name = "threads never get the same piece",
		 .test_func = threads_never_share_a_piece},
	};
	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
