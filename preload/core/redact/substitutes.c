// SPDX-License-Identifier: MIT
/* See substitutes.h. */
#include "substitutes.h"

#include <stdint.h>
#include <string.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/line.h"
#include "own_words.h"

enum { BUCKETS = 4096 };

struct entry {
	enum substitute kind;
	bool everywhere;
	size_t length;                 /* of the name */
	struct entry *same_bucket;     /* the next one in its bucket */
	struct entry *after;           /* the next one that was met */
	struct entry *next_everywhere; /* of those that are replaced everywhere */
	char word[24];
	char name[]; /* ends in NUL, and may contain some */
};

struct substitutes {
	struct arena arena;
	struct entry *buckets[BUCKETS];
	struct entry *first, *last;
	struct entry *everywhere; /* few, and looked for at each word of a text */
	unsigned int given[SUBSTITUTE_COUNT];
	bool failed;
};

static const char *const words[] = {
	[SUBSTITUTE_ADDRESS] = "address", [SUBSTITUTE_USER] = "user",    [SUBSTITUTE_NAME] = "name",
	[SUBSTITUTE_HOST] = "host",       [SUBSTITUTE_ARGUMENT] = "arg",
};

_Static_assert(sizeof(words) / sizeof(*words) == SUBSTITUTE_COUNT, "each kind has a word");

struct substitutes *substitutes_create(void)
{
	return memory_map(sizeof(struct substitutes));
}

void substitutes_destroy(struct substitutes *substitutes)
{
	if (!substitutes)
		return;
	arena_release(&substitutes->arena);
	memory_unmap(substitutes, sizeof(*substitutes));
}

/* FNV-1a (draft-eastlake-fnv). */
static size_t bucket_of(enum substitute kind, const char *name, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)kind;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
	return (hash ^ hash >> 32) % BUCKETS;
}

static void make_word(struct entry *entry, unsigned int number)
{
	struct line line = {.size = sizeof(entry->word), .text = entry->word};

	line_add(&line, words[entry->kind]);
	line_number(&line, number);
}

/* NULL: no memory. */
static struct entry *entry_for(struct substitutes *substitutes, enum substitute kind,
			       const char *name, size_t length)
{
	struct entry **bucket = &substitutes->buckets[bucket_of(kind, name, length)], *entry;

	for (entry = *bucket; entry; entry = entry->same_bucket)
		if (entry->kind == kind && entry->length == length &&
		    memcmp(entry->name, name, length) == 0)
			return entry;
	entry = arena_alloc(&substitutes->arena, sizeof(*entry) + length + 1);
	if (!entry) {
		substitutes->failed = true;
		return NULL;
	}
	entry->kind = kind;
	entry->length = length;
	memcpy(entry->name, name, length);
	make_word(entry, ++substitutes->given[kind]);
	entry->same_bucket = *bucket;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*bucket = entry;
	if (substitutes->last)
		substitutes->last->after = entry;
	else
		substitutes->first = entry;
	substitutes->last = entry;
	return entry;
}

const char *substitutes_for(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length)
{
	const struct entry *entry = substitutes ? entry_for(substitutes, kind, name, length) : NULL;

	return entry ? entry->word : words[kind];
}

void substitutes_everywhere(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length)
{
	struct entry *entry = substitutes ? entry_for(substitutes, kind, name, length) : NULL;

	if (!entry || entry->everywhere || own_word(name, length))
		return;
	entry->everywhere = true;
	entry->next_everywhere = substitutes->everywhere;
	substitutes->everywhere = entry;
}

const char *substitutes_at(const struct substitutes *substitutes, const char *text, bool names_only,
			   size_t *length)
{
	const struct entry *found = NULL;

	for (const struct entry *entry = substitutes ? substitutes->everywhere : NULL; entry;
	     entry = entry->next_everywhere) {
		if ((names_only && entry->kind != SUBSTITUTE_NAME) ||
		    (found && entry->length <= found->length) ||
		    strncmp(text, entry->name, entry->length) != 0)
			continue;
		if (!substitutes_in_word(entry->name[entry->length - 1]) ||
		    !substitutes_in_word(text[entry->length]))
			found = entry;
	}
	*length = found ? found->length : 0;
	return found ? found->word : NULL;
}

bool substitutes_failed(struct substitutes *substitutes)
{
	bool failed = substitutes->failed;

	substitutes->failed = false;
	return failed;
}

void substitutes_each(const struct substitutes *substitutes,
		      void (*each)(const char *name, const char *word, void *data), void *data)
{
	for (const struct entry *entry = substitutes->first; entry; entry = entry->after)
		each(entry->name, entry->word, data);
}
