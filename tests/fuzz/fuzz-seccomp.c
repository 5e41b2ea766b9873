// SPDX-License-Identifier: MIT
/*
 * A program's seccomp filter of any instructions. It is copied and interpreted before the kernel
 * has checked it, so it may be nonsense. The interpreter ends, stays inside of the copy, and gives
 * the same answer twice.
 */
#include <linux/filter.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "preload/core/base/seccomp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = size / sizeof(struct sock_filter);
	struct sock_filter *exact =
		malloc(size ? size : 1); /* so that a read past the end is noticed */

	if (!exact || length > UINT16_MAX) {
		free(exact);
		return 0;
	}
	if (size)
		memcpy(exact, data, size);
	const struct sock_fprog program = {.len = (unsigned short)length, .filter = exact};
	long kept = seccomp_keep(&program);
	if ((kept == SECCOMP_NOT_KEPT) != (length == 0 || length > BPF_MAXINSNS))
		abort();
	for (long number = 0; number < 4; number++) {
		bool refused = seccomp_will_refuse(number, 1, -1, 3, 4, 5, 6);

		/* A filter that is not in use yet forbids nothing. */
		if (refused != seccomp_will_refuse(number, 1, -1, 3, 4, 5, 6) ||
		    seccomp_forbids(number, 1, -1, 3, 4, 5, 6) ||
		    (kept == SECCOMP_NOT_KEPT && refused))
			abort();
	}
	seccomp_forget(kept);
	free(exact);
	return 0;
}
