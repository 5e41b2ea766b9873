// SPDX-License-Identifier: MIT
/*
 * Substitutes for names that shall stay private: "address1", "user1", "name7". The same name has
 * the same substitute wherever it stands, so that a reader still sees what belongs together. The
 * memory is their own. One thread at a time may add names; a fork at any moment leaves the copy
 * usable, because an entry is complete before anything points to it. All functions are
 * async-signal-safe. Where NULL is accepted no name is kept, and each kind has one word.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum substitute {
	SUBSTITUTE_ADDRESS,
	SUBSTITUTE_USER, /* the owner of a home folder */
	SUBSTITUTE_NAME, /* of a file or folder in a home folder, or of an abstract socket */
	SUBSTITUTE_HOST,
	SUBSTITUTE_ARGUMENT,
	SUBSTITUTE_COUNT,
};

struct substitutes;

/* Returns NULL if there is no memory. */
struct substitutes *substitutes_create(void);
void substitutes_destroy(struct substitutes *substitutes);

/* The substitute for these bytes; the same at each call. It lives as long as substitutes. Without
 * memory it is the word without a number, which tells nothing either, and substitutes_failed()
 * becomes true. NULL is accepted. */
const char *substitutes_for(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length);

/* Also replaces name where it stands alone in a text: between bytes that are no letters, digits or
 * "_". Words of fdtrail's own stay there (own_words.h). NULL is accepted. */
void substitutes_everywhere(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length);

/* The substitute for a name of substitutes_everywhere() that begins at text, and *length, that of
 * the name; or NULL. The longest one counts. names_only: neither users, hosts nor arguments.
 * substitutes may be NULL. */
const char *substitutes_at(const struct substitutes *substitutes, const char *text, bool names_only,
			   size_t *length);

/* Whether a name could not be kept since the last call, because there was no memory. A text that
 * was made meanwhile may have names that should have been replaced. */
bool substitutes_failed(struct substitutes *substitutes);

/* Calls each with every name and its word, in the order in which they were met. */
void substitutes_each(const struct substitutes *substitutes,
		      void (*each)(const char *name, const char *word, void *data), void *data);

/* Whether a byte belongs to a word of a text: an ASCII letter, a digit, or "_". */
static inline bool substitutes_in_word(char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z') || byte == '_';
}
