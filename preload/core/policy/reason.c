// SPDX-License-Identifier: MIT
/* See reason.h. */
#include "reason.h"

#include <errno.h>

void reason_out_of_descriptors(struct line *why, const char *name, int error)
{
	line_add(why, error == ENFILE ? "ENFILE: " : "EMFILE: ");
	line_add(why, name);
	line_add(why, error == ENFILE ? "() failed, the system has no file left"
				      : "() failed, no descriptor is left");
}

void reason_threshold(struct line *why, size_t count, uint32_t mark)
{
	line_add(why, "threshold: ");
	line_number(why, (int64_t)count);
	line_add(why, " descriptors are open, ");
	line_number(why, mark);
	line_add(why, " was the mark");
}
