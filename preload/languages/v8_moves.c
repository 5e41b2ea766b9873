// SPDX-License-Identifier: MIT
/* See v8_moves.h. Heap::GarbageCollectionPrologueInSafepoint is called once in each collection, of
 * all objects or of the young ones, before any object moves (V8's src/heap/heap.cc,
 * PerformGarbageCollection). V8's own count of collections is increased there, too. */
#include "v8_moves.h"

#include "take_over.h"

_Atomic uint64_t v8_moves;

static void (*prologue_original)(void *);

static void prologue(void *heap)
{
	atomic_fetch_add(&v8_moves, 1);
	prologue_original(heap);
}

void v8_moves_start(void)
{
	struct loaded_symbol found;

	if (take_over_symbol("_ZN2v88internal4Heap36GarbageCollectionPrologueInSafepointEv",
			     (uintptr_t)prologue, (uintptr_t *)&prologue_original, &found))
		atomic_fetch_add(&v8_moves, 1);
}
