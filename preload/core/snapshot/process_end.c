// SPDX-License-Identifier: MIT
/* See process_end.h. */
#include "process_end.h"

const char *process_end_word(enum process_end_kind kind)
{
	static const char *const words[PROCESS_END_COUNT] = {
		[PROCESS_RUNS_ON] = "none",  [PROCESS_EXIT] = "exit",
		[PROCESS__EXIT] = "_exit",   [PROCESS_QUICK_EXIT] = "quick_exit",
		[PROCESS_SIGNAL] = "signal",
	};

	return words[kind];
}
