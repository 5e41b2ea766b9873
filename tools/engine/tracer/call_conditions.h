// SPDX-License-Identifier: MIT
/*
 * Calls that stop only for some values of an argument. The seccomp filter checks the conditions, or
 * planted code does, where there is no filter for these calls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call_condition {
	const char *name;
	uint8_t argument;
	bool any; /* one of the value's bits is set in the argument; else both are equal */
	uint32_t value;
};

enum { CONDITIONS_MAX = 96 };

/* A call that has rows here stops if one of them matches the low half of the argument. The rows of
 * a call are together, and about one argument. */
extern const struct call_condition call_conditions[];
extern const size_t call_conditions_count;

/* The value of a row. signal: the one that triggers snapshots. */
uint32_t call_condition_value(const struct call_condition *condition, uint32_t signal);
