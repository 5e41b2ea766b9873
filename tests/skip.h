// SPDX-License-Identifier: MIT
/*
 * Leaves the current test of cmocka as skipped, with the reason, which cmocka's own skip() has no
 * place for: summary.py shows it.
 */
#pragma once

#define SKIP(reason)                                                                               \
	do {                                                                                       \
		print_message("# skipped: %s\n", reason);                                          \
		skip();                                                                            \
	} while (0)
