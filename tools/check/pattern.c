// SPDX-License-Identifier: MIT
/*
 * See pattern.h. The form is that of LeakSanitizer, so that files can be shared with it
 * (https://clang.llvm.org/docs/AddressSanitizer.html, "Suppressing memory leaks"). A `$` that is
 * not at the end stands for itself, because names of lambdas and generics contain it.
 */
#include "pattern.h"

#include <stddef.h>
#include <string.h>

bool pattern_matches(const char *pattern, const char *text)
{
	bool at_begin = *pattern == '^', at_end;
	const char *end, *star, *retry = text;

	pattern += at_begin;
	end = pattern + strlen(pattern);
	at_end = end > pattern && end[-1] == '$';
	end -= at_end;
	if (pattern == end || !*text)
		return false;

	/* Going back to the last star is enough: it can take whatever an earlier star could give
	 * up. */
	star = at_begin ? NULL : pattern;
	for (;;) {
		if (pattern == end && (!at_end || !*text))
			return true;
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (pattern < end && *text && *pattern == *text) {
			pattern++;
			text++;
		} else if (star && *retry) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
}
