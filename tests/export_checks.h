// SPDX-License-Identifier: MIT
/* Properties of every export that is text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/utf8.h"

/* Whether a text is valid UTF-8 and has no invisible characters except line ends. */
static inline bool export_is_clean(const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		uint32_t character;
		size_t length = utf8_decode((const uint8_t *)text + at, size - at, &character);

		if (length == 0 || (character != '\n' && utf8_is_invisible(character)))
			return false;
		at += length;
	}
	return true;
}

static inline int export_compare(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Whether metrics have each series once, and every quote is closed. Changes text. */
static inline bool metrics_are_sound(char *text)
{
	char **series = calloc(strlen(text) + 1, sizeof(*series));
	size_t count = 0;
	bool sound = series != NULL;
	char *rest;

	for (char *line = strtok_r(text, "\n", &rest); line && sound;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *value = strrchr(line, ' ');
		size_t quotes = 0;

		if (*line == '#')
			continue;
		for (char *at = line; *at; at++) {
			if (*at == '\\' && at[1])
				at++;
			else if (*at == '"')
				quotes++;
		}
		sound = value && quotes % 2 == 0;
		if (sound)
			*value = '\0';
		series[count++] = line;
	}
	if (count)
		qsort(series, count, sizeof(*series), export_compare);
	for (size_t i = 1; i < count; i++)
		sound = sound && strcmp(series[i - 1], series[i]) != 0;
	free(series);
	return sound;
}
