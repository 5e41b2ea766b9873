// SPDX-License-Identifier: MIT
/*
 * A system call that no library sees, for opening and closing descriptors past the hooks.
 */
#pragma once

#include "../../preload/arch/kernel_call.h"

static inline long raw_call(long number, long a, long b, long c, long d)
{
	return kernel_call6(number, a, b, c, d, 0, 0);
}
