// SPDX-License-Identifier: MIT
/*
 * Java's frames from a virtual machine's memory with wrong words, between pages that can't be read.
 * The input is pairs of words: a place after the trusted parts, and the word for it, which is a
 * number, an address in the memory, or one outside.
 *
 * A walk must end, and name what it finds or not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/languages/hotspot_names.h"
#include "preload/languages/hotspot_walk.h"
#include "tests/fake_hotspot.h"
#include "guarded_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 64, SIZE = (sizeof(struct fake_hotspot) + GUARD - 1) / GUARD * GUARD };

static struct fake_hotspot *fake;

/* The low three bits of a word of the input say what it means. */
static uintptr_t meaning(uint64_t word)
{
	uint64_t value = word >> 3;

	switch (word & 7) {
	case 0:
	case 1:
		return value & 0xffff;
	case 5:
		return (uintptr_t)fake->code + value % FAKE_CODE;
	case 6:
		return (uintptr_t)fake - GUARD + value % (SIZE + 2 * GUARD);
	case 7:
		return UINTPTR_MAX - (value & 0xff);
	default:
		return (uintptr_t)fake + value % SIZE / 8 * 8;
	}
}

/* The place of a word. HotSpot's own code cache and thread stay as they are, but for the header of
 * the compiled method. */
static char *place_of(uint64_t word)
{
	size_t first = offsetof(struct fake_hotspot, stack);
	size_t words = (sizeof(*fake) - first) / 8, header = FAKE_HEADER / 8;
	size_t at = word % (words + header);

	return at < words ? (char *)fake + first + at * 8
			  : (char *)fake->code + FAKE_COMPILED + 16 + (at - words) * 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct language_frame frames[ROOM];
	struct language_name name;
	uint64_t pair[2];

	if (!fake)
		fake = guarded_memory(SIZE);
	fake_fill(fake);
	for (size_t at = 0; at + sizeof(pair) <= size; at += sizeof(pair)) {
		memcpy(pair, data + at, sizeof(pair));
		uintptr_t put = meaning(pair[1]);
		memcpy(place_of(pair[0]), &put, sizeof(put));
	}

	int count = hotspot_walk(&fake->vm, (uintptr_t)fake->thread, frames, ROOM);
	if (count < 0 || count > ROOM || (!size && count != 2))
		abort();
	for (int i = 0; i < count; i++) {
		if (i + 1 < count && frames[i].flags)
			abort();
		for (; frames[i].inlined < 8 && hotspot_name(&fake->vm, &frames[i], &name);
		     frames[i].inlined++)
			if (!*name.function ||
			    strnlen(name.function, sizeof(name.function)) ==
				    sizeof(name.function) ||
			    strnlen(name.file, sizeof(name.file)) == sizeof(name.file))
				abort();
	}
	return 0;
}
