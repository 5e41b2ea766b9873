// SPDX-License-Identifier: MIT
/*
 * The names of frames that belong to an interpreted language, and the languages that were found in
 * the process. A stack has such a frame as the module FRAME_MODULE_LANGUAGE and the number of its
 * name. Each name (language, function, file, line) is stored once and never removed, because the
 * interpreter's own data may be gone by the time of a snapshot.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/core/base/arena.h"

enum {
	LANGUAGES_MAX = 8,
	LANGUAGE_NAME_LIMIT = 1 << 16, /* numbers of names are below this */
	LANGUAGE_NAME_NONE = 0,        /* the table was full */
};

struct language_entry {
	const char *function; /* never NULL */
	const char *file;     /* "": not known */
	uint32_t line;        /* 0: not known */
	uint8_t language;     /* number of the language */
	bool library;         /* not the user's own code */
};

/* A language that was found. */
struct language_present {
	const char *name;    /* NULL: not found */
	char version[32];    /* "": not known */
	const char *trouble; /* why its frames can't be read; NULL: they can */
};

struct language_table {
	struct arena *arena;
	struct language_entry *entries; /* LANGUAGE_NAME_LIMIT; NULL: there is none yet */
	uint32_t *slots;                /* hash table of numbers */
	_Atomic uint32_t count;         /* one past the highest number; 0: there is none */
	_Atomic uint64_t overflowed;    /* frames that got LANGUAGE_NAME_NONE */
	struct language_present present[LANGUAGES_MAX];
	_Atomic uint32_t languages; /* bits of those that are present */
};

/* Prepares a table that takes its memory from arena. */
void language_table_init(struct language_table *table, struct arena *arena);

/* Frees the memory that doesn't belong to the arena. */
void language_table_release(struct language_table *table);

/* Copies the contents of from into an empty table, with the same numbers. False: no memory. */
bool language_table_copy(struct language_table *table, const struct language_table *from);

/* Records that a language is in the process. name and trouble must be static texts. */
void language_table_found(struct language_table *table, unsigned int language, const char *name,
			  const char *version, const char *trouble);

/* Returns the number of this name, and adds it if it is new; LANGUAGE_NAME_NONE if the table is
 * full. Its texts are copied. The caller must hold the capture lock. */
uint32_t language_table_intern(struct language_table *table, const struct language_entry *entry);

/* The name of a number, or NULL for LANGUAGE_NAME_NONE. Async-signal-safe, any thread, no lock. */
const struct language_entry *language_table_get(const struct language_table *table,
						uint32_t number);

/* The language of that number, or NULL: it was not found. */
const struct language_present *language_table_present(const struct language_table *table,
						      unsigned int language);
