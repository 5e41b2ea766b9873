// SPDX-License-Identifier: MIT
/* The i386 numbers of the calls in calls.list, by name. Used by calls.c alone. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct call_i386 {
	const char *name;
	int number; /* < 0: i386 has no such call of its own */
};

extern const struct call_i386 calls_i386[];
extern const size_t calls_i386_count;
