// SPDX-License-Identifier: MIT
/*
 * Memory that looks like a Perl interpreter's: its members, stacks of contexts, statements,
 * functions and packages. For the unit test and the fuzz target, which overwrites it. The offsets
 * are those of Perl's headers (offsetof), written down a second time.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "preload/languages/perl_walk.h"

enum {
	FAKE_WORDS = 4096,
	FAKE_STATEMENT_AT = 208,
	FAKE_CONTEXT_SIZE = 104,
	FAKE_CONTEXTS = 16, /* in a stack */
	/* Types of contexts, with flags. */
	FAKE_BLOCK = 2,
	FAKE_SUB = 9,
	FAKE_EVAL = 11,
	FAKE_EVAL_BLOCK = 11 | 0x40,
	FAKE_FILE = 11 | 0x100, /* an eval; the bit above a type's 8 is the fake's own */
};

struct fake_perl {
	uintptr_t interpreter;
	uint64_t memory[FAKE_WORDS] __attribute__((aligned(4096)));
	size_t used; /* bytes */
};

static inline void fake_put(uintptr_t at, size_t offset, uintptr_t word)
{
	memcpy((void *)(at + offset), &word, sizeof(word));
}

static inline void fake_put_number(uintptr_t at, size_t offset, uint32_t number)
{
	memcpy((void *)(at + offset), &number, sizeof(number));
}

static inline uintptr_t fake_get(uintptr_t at, size_t offset)
{
	uintptr_t word;

	memcpy(&word, (const void *)(at + offset), sizeof(word));
	return word;
}

/* Objects are made one after the other. */
static inline uintptr_t fake_make(struct fake_perl *fake, size_t size)
{
	uintptr_t object = (uintptr_t)fake->memory + fake->used;

	fake->used += (size + 15) / 16 * 16;
	if (fake->used > sizeof(fake->memory))
		abort();
	return object;
}

static inline void fake_now(struct fake_perl *fake, uintptr_t statement)
{
	fake_put(fake->interpreter, FAKE_STATEMENT_AT, statement);
}

/* Begins another level of the interpreter. */
static inline void fake_new_stack(struct fake_perl *fake)
{
	uintptr_t members = fake->interpreter + FAKE_STATEMENT_AT;
	uintptr_t stack = fake_make(fake, 48), values = fake_make(fake, 24);

	fake_put(stack, 0, values);
	fake_put(stack, 8, fake_make(fake, FAKE_CONTEXTS * FAKE_CONTEXT_SIZE));
	fake_put(stack, 16, fake_get(members, 16));
	fake_put_number(stack, 32, (uint32_t)-1);
	fake_put_number(stack, 36, FAKE_CONTEXTS - 1);
	fake_put(members, 8, values);
	fake_put(members, 16, stack);
	if (!fake_get(members, 24))
		fake_put(members, 24, values);
}

/* An interpreter that runs nothing yet. */
static inline void fake_perl_start(struct fake_perl *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->interpreter = fake_make(fake, 512);
	fake_new_stack(fake);
}

static inline uintptr_t fake_statement(struct fake_perl *fake, const char *file, uint32_t line)
{
	uintptr_t statement = fake_make(fake, 88), text = fake_make(fake, strlen(file) + 1);

	strcpy((char *)text, file);
	fake_put_number(statement, 36, line);
	fake_put(statement, 48, text);
	return statement;
}

/* Gives a statement another line. */
static inline void fake_number(uintptr_t statement, uint32_t line)
{
	fake_put_number(statement, 36, line);
}

static inline uintptr_t fake_name(struct fake_perl *fake, const char *text)
{
	uintptr_t name = fake_make(fake, 8 + strlen(text) + 2);

	fake_put_number(name, 4, (uint32_t)strlen(text));
	strcpy((char *)name + 8, text);
	return name;
}

static inline uintptr_t fake_value(struct fake_perl *fake, uint32_t flags, size_t body)
{
	uintptr_t value = fake_make(fake, 24);

	fake_put_number(value, 12, flags);
	fake_put(value, 0, fake_make(fake, body));
	return value;
}

/* A package of version 5.minor. */
static inline uintptr_t fake_package(struct fake_perl *fake, const char *text, unsigned int minor)
{
	uintptr_t package = fake_value(fake, 12 | 0x02000000, 32 + 112);
	uintptr_t body = fake_get(package, 0), name = fake_name(fake, text);

	fake_put(body, 24, 7);
	fake_put(package, 16, fake_make(fake, 8 * sizeof(uintptr_t) + 56));
	if (minor < 36)
		fake_put(fake_get(package, 16), 8 * sizeof(uintptr_t), name);
	else
		fake_put(body, 32, name);
	return package;
}

static inline uintptr_t fake_named(struct fake_perl *fake, uintptr_t package, uintptr_t name,
				   uint32_t flags)
{
	uintptr_t sub = fake_value(fake, 13, 104), body = fake_get(sub, 0);

	fake_put(body, 32, package);
	fake_put(body, 48, fake_make(fake, 16));
	fake_put(body, 56, name);
	fake_put_number(body, 92, flags);
	return sub;
}

/* A function that has a symbol. */
static inline uintptr_t fake_sub(struct fake_perl *fake, uintptr_t package, const char *text)
{
	uintptr_t symbol = fake_value(fake, 9, 48);

	fake_put(fake_get(symbol, 0), 32, fake_name(fake, text));
	fake_put(fake_get(symbol, 0), 40, package);
	return fake_named(fake, 0, symbol, 0);
}

/* A function that has only a name, as those of other packages than main. */
static inline uintptr_t fake_named_sub(struct fake_perl *fake, uintptr_t package, const char *text)
{
	return fake_named(fake, package, fake_name(fake, text), 0x8000);
}

/* Begins a context while this statement runs. by_perl: it was not native code that called it. */
static inline void fake_call(struct fake_perl *fake, uint32_t type, uintptr_t sub,
			     uintptr_t statement, bool by_perl)
{
	uintptr_t stack = fake_get(fake->interpreter, FAKE_STATEMENT_AT + 16);
	uint32_t top = (uint32_t)fake_get(stack, 32) + 1;
	uintptr_t context = fake_get(stack, 8) + (uintptr_t)top * FAKE_CONTEXT_SIZE;

	if (top >= FAKE_CONTEXTS)
		abort();
	fake_put_number(stack, 32, top);
	*(uint8_t *)context = (uint8_t)type;
	fake_put(context, 16, statement);
	fake_put(context, 48, by_perl ? statement : 0);
	fake_put(context, 64, type == FAKE_FILE ? statement : 0);
	if (sub)
		fake_put(context, 72, sub);
}
