// SPDX-License-Identifier: MIT
/*
 * Skips the current test of cmocka, with a reason, for which cmocka's own skip() has no place:
 * summary.py shows it.
 */
#pragma once

#define SKIP(reason)                                                                               \
	do {                                                                                       \
		print_message("# skipped: %s\n", reason);                                          \
		skip();                                                                            \
	} while (0)
