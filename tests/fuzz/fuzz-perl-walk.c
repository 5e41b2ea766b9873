// SPDX-License-Identifier: MIT
/*
 * Perl's frames from an interpreter's memory with wrong words, between pages that can't be read.
 * The first byte of the input chooses the version. Pairs of words follow: a place, and the word for
 * it, which is a number, an address in the memory, or one outside.
 *
 * A walk must end, and name what it finds or not.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fake_perl.h"
#include "guarded_memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 64, SIZE = (sizeof(struct fake_perl) + GUARD - 1) / GUARD * GUARD };

static struct fake_perl *fake;

static void make_calls(unsigned int minor)
{
	fake_perl_start(fake);
	uintptr_t package = fake_package(fake, "Worker", minor);

	fake_call(fake, FAKE_FILE, 0, fake_statement(fake, "/srv/job.pl", 9), true);
	fake_call(fake, FAKE_SUB, fake_named_sub(fake, package, "outer"),
		  fake_statement(fake, "/srv/Job.pm", 5), true);
	fake_call(fake, FAKE_EVAL, 0, fake_statement(fake, "/srv/Job.pm", 6), true);
	fake_new_stack(fake);
	fake_call(fake, FAKE_SUB, fake_sub(fake, package, "inner"),
		  fake_statement(fake, "(eval 3)", 7), false);
	fake_now(fake, fake_statement(fake, "/srv/Job.pm", 8));
}

/* The low three bits of a word of the input say what it means. */
static uintptr_t meaning(uint64_t word)
{
	uint64_t value = word >> 3;

	switch (word & 7) {
	case 0:
	case 1:
		return value & 0xffff;
	case 6:
		return (uintptr_t)fake - GUARD + value % (SIZE + 2 * GUARD);
	case 7:
		return UINTPTR_MAX - (value & 0xff);
	default:
		return (uintptr_t)fake->memory + value % sizeof(fake->memory) / 8 * 8;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct language_frame frames[ROOM] = {0};
	struct perl_layout layout;
	struct language_name name;
	uint64_t pair[2];

	if (!fake)
		fake = guarded_memory(SIZE);
	if (!size)
		return 0;
	unsigned int minor = PERL_FIRST + *data % 6 * 2;
	make_calls(minor);
	/* The layout is found in a good interpreter, and must be refused or found in a bad one. */
	if (!perl_layout_find(fake->interpreter, minor, &layout) ||
	    layout.statement != FAKE_STATEMENT_AT)
		abort();
	for (size_t at = 1; at + sizeof(pair) <= size; at += sizeof(pair)) {
		memcpy(pair, data + at, sizeof(pair));
		uintptr_t put = meaning(pair[1]);
		memcpy((char *)fake->memory + pair[0] % (fake->used - 7), &put, sizeof(put));
	}
	int count = perl_walk(&layout, fake->interpreter, frames, ROOM);
	if (count < 0 || count > ROOM)
		abort();
	for (int i = 0; i < count; i++) {
		memset(&name, 0, sizeof(name));
		if (!perl_name(&layout, fake->interpreter, &frames[i], &name))
			continue;
		if (!*name.function ||
		    strnlen(name.function, sizeof(name.function)) == sizeof(name.function) ||
		    strnlen(name.file, sizeof(name.file)) == sizeof(name.file))
			abort();
	}
	perl_in_end_block(&layout, fake->interpreter);
	perl_layout_find(fake->interpreter, minor, &layout);
	return 0;
}
