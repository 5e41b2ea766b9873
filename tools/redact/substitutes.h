// SPDX-License-Identifier: MIT
/*
 * Substitutes for names that shall stay private: "address1", "user1", "name7". The same name has
 * the same substitute wherever it stands, so that a reader still sees what belongs together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum substitute {
	SUBSTITUTE_ADDRESS,
	SUBSTITUTE_USER, /* the owner of a home folder */
	SUBSTITUTE_NAME, /* of a file or folder in a home folder, or of an abstract socket */
	SUBSTITUTE_HOST,
	SUBSTITUTE_ARGUMENT,
	SUBSTITUTE_COUNT,
};

struct substitutes;

/* All functions end the program if there is no memory, as the model's do. */
struct substitutes *substitutes_create(void);
void substitutes_destroy(struct substitutes *substitutes);

/* The substitute for these bytes; the same at each call. It lives as long as substitutes. */
const char *substitutes_for(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length);

/* Also replaces name where it stands alone in a text: between bytes that are no letters, digits or
 * "_". */
void substitutes_everywhere(struct substitutes *substitutes, enum substitute kind, const char *name,
			    size_t length);

/* The substitute for a name of substitutes_everywhere() that begins at text, and *length, that of
 * the name; or NULL. The longest one counts. names_only: neither users, hosts nor arguments. */
const char *substitutes_at(const struct substitutes *substitutes, const char *text, bool names_only,
			   size_t *length);

/* Writes a line for each name, "10.0.0.1 -> address1", or nothing. */
void substitutes_list(const struct substitutes *substitutes, FILE *file);
