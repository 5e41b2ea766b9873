// SPDX-License-Identifier: MIT
/* See language_table.h. Its memory is mapped when the first name comes, so that a program without
 * such a language doesn't have it. */
#include "language_table.h"

#include <string.h>

enum {
	SLOTS = 2 * LANGUAGE_NAME_LIMIT,
	FIRST = 1,
};

void language_table_init(struct language_table *table, struct arena *arena)
{
	memset(table, 0, sizeof(*table));
	table->arena = arena;
}

void language_table_release(struct language_table *table)
{
	memory_unmap(table->entries, sizeof(*table->entries) * LANGUAGE_NAME_LIMIT);
	memory_unmap(table->slots, sizeof(*table->slots) * SLOTS);
	table->entries = NULL;
	table->slots = NULL;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ULL; /* FNV-1a */
	return (hash ^ 0xff) * 0x100000001b3ULL;
}

static bool same(const struct language_entry *a, const struct language_entry *b)
{
	return a->line == b->line && a->language == b->language && a->library == b->library &&
	       strcmp(a->function, b->function) == 0 && strcmp(a->file, b->file) == 0;
}

/* The slot of the entry, or the empty one where it belongs. */
static uint32_t *slot_of(const struct language_table *table, const struct language_entry *entry)
{
	uint64_t hash = 0xcbf29ce484222325ULL ^ entry->line ^ (uint64_t)entry->language << 32;

	hash = hash_text(hash_text(hash, entry->function), entry->file);
	for (hash ^= hash >> 32;; hash++) {
		uint32_t *slot = &table->slots[hash % SLOTS];

		if (!*slot || same(&table->entries[*slot], entry))
			return slot;
	}
}

static bool get_memory(struct language_table *table)
{
	if (!table->entries)
		table->entries = memory_map(sizeof(*table->entries) * LANGUAGE_NAME_LIMIT);
	if (!table->slots)
		table->slots = memory_map(sizeof(*table->slots) * SLOTS);
	return table->entries && table->slots;
}

static const char *keep(struct language_table *table, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = arena_alloc(table->arena, size);

	return copy ? memcpy(copy, text, size) : NULL;
}

uint32_t language_table_intern(struct language_table *table, const struct language_entry *entry)
{
	uint32_t count = atomic_load(&table->count);
	struct language_entry *kept;
	uint32_t *slot;

	if (!get_memory(table))
		goto full;
	slot = slot_of(table, entry);
	uint32_t known = *slot;
	if (known)
		return known;
	if (!count)
		count = FIRST;
	if (count >= LANGUAGE_NAME_LIMIT)
		goto full;
	kept = &table->entries[count];
	*kept = *entry;
	kept->function = keep(table, entry->function);
	/* Most names of a file come one after the other. */
	kept->file = count > FIRST && strcmp(kept[-1].file, entry->file) == 0
			     ? kept[-1].file
			     : keep(table, entry->file);
	if (!kept->function || !kept->file)
		goto full;
	*slot = count;
	atomic_store_explicit(&table->count, count + 1, memory_order_release);
	return count;

full:
	atomic_fetch_add(&table->overflowed, 1);
	return LANGUAGE_NAME_NONE;
}

bool language_table_copy(struct language_table *table, const struct language_table *from)
{
	uint32_t count = atomic_load(&from->count);

	for (uint32_t number = FIRST; number < count; number++)
		if (language_table_intern(table, &from->entries[number]) != number)
			return false;
	memcpy(table->present, from->present, sizeof(table->present));
	atomic_store(&table->languages, atomic_load(&from->languages));
	atomic_store(&table->overflowed, atomic_load(&from->overflowed));
	return true;
}

const struct language_entry *language_table_get(const struct language_table *table, uint32_t number)
{
	uint32_t count = atomic_load_explicit(&table->count, memory_order_acquire);

	return number >= FIRST && number < count ? &table->entries[number] : NULL;
}

void language_table_found(struct language_table *table, unsigned int language, const char *name,
			  const char *version, const char *trouble)
{
	struct language_present *present = &table->present[language];
	size_t length = strnlen(version, sizeof(present->version) - 1);

	memcpy(present->version, version, length);
	present->version[length] = '\0';
	present->trouble = trouble;
	present->name = name;
	atomic_fetch_or(&table->languages, 1u << language);
}

const struct language_present *language_table_present(const struct language_table *table,
						      unsigned int language)
{
	return language < LANGUAGES_MAX && atomic_load(&table->languages) >> language & 1
		       ? &table->present[language]
		       : NULL;
}
