// SPDX-License-Identifier: MIT
/*
 * The function behind fdtrail_mark (preload/include/fdtrail.h), by which a program names the test
 * that it begins. It is no hook.
 */
#include "hook.h"

#include <string.h>

#include "preload/core/base/monotonic.h"

HOOK void libfdtrail_mark(const char *text);

void libfdtrail_mark(const char *text)
{
	if (text && runtime_on())
		mark_table_set(&runtime.ledger, text, strnlen(text, MARK_TEXT_MAX),
			       (uint64_t)monotonic_ms());
}
