// SPDX-License-Identifier: MIT
/* See substitutes.h. */
#include "substitutes.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "tools/model/escape.h"
#include "tools/model/model_memory.h"

struct entry {
	enum substitute kind;
	bool everywhere;
	struct entry *next; /* of those that are replaced everywhere */
	size_t length;      /* of the name */
	char *key;          /* a byte for the kind, then the name */
	char word[32];
	UT_hash_handle hh;
};

struct substitutes {
	struct entry *entries;
	struct entry *everywhere; /* few, and looked for at each word of a text */
	unsigned int given[SUBSTITUTE_COUNT];
};

struct substitutes *substitutes_create(void)
{
	struct substitutes *substitutes = memory_array(NULL, 1, sizeof(*substitutes));

	*substitutes = (struct substitutes){0};
	return substitutes;
}

void substitutes_destroy(struct substitutes *substitutes)
{
	struct entry *entry, *next;

	if (!substitutes)
		return;
	HASH_ITER(hh, substitutes->entries, entry, next)
	{
		HASH_DEL(substitutes->entries, entry);
		free(entry->key);
		free(entry);
	}
	free(substitutes);
}

static struct entry *entry_for(struct substitutes *substitutes, enum substitute kind,
			       const char *name, size_t length)
{
	static const char *const words[] = {
		[SUBSTITUTE_ADDRESS] = "address", [SUBSTITUTE_USER] = "user",
		[SUBSTITUTE_NAME] = "name",       [SUBSTITUTE_HOST] = "host",
		[SUBSTITUTE_ARGUMENT] = "arg",
	};
	char *key = memory_array(NULL, length + 2, 1);
	struct entry *entry;

	key[0] = (char)kind;
	memcpy(key + 1, name, length);
	key[length + 1] = '\0';
	HASH_FIND(hh, substitutes->entries, key, length + 1, entry);
	if (entry) {
		free(key);
		return entry;
	}
	entry = memory_array(NULL, 1, sizeof(*entry));
	*entry = (struct entry){.kind = kind, .length = length, .key = key};
	snprintf(entry->word, sizeof(entry->word), "%s%u", words[kind], ++substitutes->given[kind]);
	HASH_ADD_KEYPTR(hh, substitutes->entries, entry->key, length + 1, entry);
	return entry;
}

const char *substitutes_for(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length)
{
	return entry_for(substitutes, kind, name, length)->word;
}

void substitutes_everywhere(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length)
{
	struct entry *entry = entry_for(substitutes, kind, name, length);

	if (entry->everywhere)
		return;
	entry->everywhere = true;
	entry->next = substitutes->everywhere;
	substitutes->everywhere = entry;
}

static bool in_word(char byte)
{
	return isalnum((unsigned char)byte) || byte == '_';
}

const char *substitutes_at(const struct substitutes *substitutes, const char *text, bool names_only,
			   size_t *length)
{
	const struct entry *found = NULL;

	for (const struct entry *entry = substitutes->everywhere; entry; entry = entry->next) {
		const char *name = entry->key + 1;

		if ((names_only && entry->kind != SUBSTITUTE_NAME) ||
		    (found && entry->length <= found->length) ||
		    strncmp(text, name, entry->length) != 0)
			continue;
		if (!in_word(name[entry->length - 1]) || !in_word(text[entry->length]))
			found = entry;
	}
	*length = found ? found->length : 0;
	return found ? found->word : NULL;
}

void substitutes_list(const struct substitutes *substitutes, FILE *file)
{
	for (const struct entry *entry = substitutes->entries; entry; entry = entry->hh.next) {
		escape_put(file, entry->key + 1);
		fprintf(file, " -> %s\n", entry->word);
	}
}
