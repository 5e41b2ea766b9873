// SPDX-License-Identifier: MIT
/* See reason.h. */
#include "reason.h"

#include <errno.h>

#include "preload/core/base/signal_name.h"
#include "preload/core/snapshot/shortage.h"

void reason_out_of_descriptors(struct line *why, const char *name, int error)
{
	line_add(why, error == ENFILE ? "ENFILE: " : "EMFILE: ");
	line_add(why, name);
	line_add(why, error == ENFILE                ? "() failed, the system has no file left"
		      : shortage_has_own_limit(name) ? "() failed, a limit is reached"
						     : "() failed, no descriptor is left");
}

void reason_signal(struct line *why, int number)
{
	const char *name = signal_name(number);

	line_add(why, name ? "SIG" : "signal ");
	if (name)
		line_add(why, name);
	else
		line_number(why, number);
}

void reason_killed(struct line *why, int number)
{
	reason_signal(why, number);
	line_add(why, ", which ends the program");
}

void reason_threshold(struct line *why, size_t count, uint32_t mark)
{
	line_add(why, "threshold: ");
	line_number(why, (int64_t)count);
	line_add(why, " descriptors are open, ");
	line_number(why, mark);
	line_add(why, " was the mark");
}
