// SPDX-License-Identifier: MIT
/* See snapshot_end.h. */
#include "snapshot_end.h"

#include <stddef.h>
#include <string.h>

bool snapshot_is_last(const char *why)
{
	/* preload/runtime/exit.c */
	static const char *const begins[] = {"exit with status ", "_exit with status ",
					     "quick_exit"};
	size_t line = strcspn(why, "\n");

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncmp(why, begins[i], strlen(begins[i])) == 0)
			return true;
	return memmem(why, line, ", which ends the program", 24);
}
