// SPDX-License-Identifier: MIT
/* See v8_moves.h. Heap::GarbageCollectionPrologueInSafepoint is called once in each collection, of
 * all objects or of the young ones, before any object moves (V8's src/heap/heap.cc,
 * PerformGarbageCollection). V8's own count of collections is increased there, too. Node 24 doesn't
 * export it. There it is Heap::CollectGarbage, which all collections go through; an exported
 * function for tests calls it. */
#include "v8_moves.h"

#include <string.h>

#include "preload/arch/branch.h"
#include "preload/core/capture/proven_memory.h"
#include "take_over.h"

enum {
	CALL_NEAR = 16, /* bytes from an argument to the call that it is for */
	PUSH_RBP = 0x55,
};

_Atomic uint64_t v8_moves;

static void (*prologue_original)(void *);
static long (*collect_original)(void *, long, long, long);

static void prologue(void *heap)
{
	atomic_fetch_add(&v8_moves, 1);
	prologue_original(heap);
}

/* Its arguments are numbers; some versions return whether it has freed something. */
static long collect(void *heap, long space, long reason, long flags)
{
	atomic_fetch_add(&v8_moves, 1);
	return collect_original(heap, space, reason, flags);
}

/* Finds Heap::CollectGarbage by a call or jump with the number of the space of young objects as its
 * second argument. */
static uintptr_t find_collect(void)
{
	static const uint8_t new_space[] = {0xbe, 1, 0, 0, 0}; /* mov $1, %esi */
	struct loaded_symbol request;
	uintptr_t end, callee;

	if (!loaded_symbol_find("_ZN2v87Isolate34RequestGarbageCollectionForTestingENS0_"
				"21GarbageCollectionTypeE",
				&request))
		return 0;
	end = request.address + request.size;
	for (uintptr_t at = request.address; at + sizeof(new_space) + CALL_NEAR <= end; at++) {
		if (memcmp((const void *)at, new_space, sizeof(new_space)) != 0)
			continue;
		at += sizeof(new_space);
		for (uintptr_t from = at; from < at + CALL_NEAR && from + BRANCH_SIZE <= end;
		     from++) {
			callee = branch_target((const uint8_t *)from);
			if (callee && proven_readable(callee, CALL_NEAR) &&
			    *branch_behind_mark((const uint8_t *)callee) == PUSH_RBP)
				return callee;
		}
	}
	return 0;
}

void v8_moves_start(void)
{
	struct loaded_symbol found;
	uintptr_t collect_at;

	if (take_over_symbol("_ZN2v88internal4Heap36GarbageCollectionPrologueInSafepointEv",
			     (uintptr_t)prologue, (uintptr_t *)&prologue_original, &found) ||
	    ((collect_at = find_collect()) &&
	     take_over(collect_at, (uintptr_t)collect, (uintptr_t *)&collect_original)))
		atomic_fetch_add(&v8_moves, 1);
}
