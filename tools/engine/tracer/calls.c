// SPDX-License-Identifier: MIT
/* See calls.h. */
#include "calls.h"

#include <string.h>

#include "preload/core/base/syscall_numbers.h"
#include "calls_i386.h"

const struct call calls[] = {
#define CALL(name, way, kind) {#name, CALL_##way, kind},
#include "calls.list"
#undef CALL
};

const size_t calls_count = sizeof(calls) / sizeof(*calls);

static const int numbers_x86_64[] = {
#define CALL(name, way, kind) SYS_##name,
#include "calls.list"
#undef CALL
};

_Static_assert(sizeof(numbers_x86_64) / sizeof(*numbers_x86_64) <= CALLS_MAX, "CALLS_MAX");

enum {
	X32_BIT = 0x40000000, /* asm/unistd_x32.h, __X32_SYSCALL_BIT */
	X32_SIGACTION = 512,
	X32_IOCTL = 514,
	X32_RECVMSG = 519,
	X32_RECVMMSG = 537,
	X32_GETSOCKOPT = 542,
};

static uint16_t index_of(const char *name)
{
	uint16_t index = 0;

	while (strcmp(calls[index].name, name) != 0)
		index++;
	return index;
}

static uint32_t number_x32(uint16_t index)
{
	switch (calls[index].way) {
	case CALL_RECVMSG:
		return X32_BIT | X32_RECVMSG;
	case CALL_RECVMMSG:
		return X32_BIT | X32_RECVMMSG;
	case CALL_IOCTL:
		return X32_BIT | X32_IOCTL;
	case CALL_OPTION:
		return X32_BIT | X32_GETSOCKOPT;
	case CALL_SIGACTION:
		return X32_BIT | X32_SIGACTION;
	default:
		return X32_BIT | (uint32_t)numbers_x86_64[index];
	}
}

size_t calls_of_abi(enum call_abi abi, struct call_number *numbers)
{
	size_t count = 0;

	if (abi == ABI_I386) {
		for (size_t i = 0; i < calls_i386_count && count < CALLS_MAX; i++)
			if (calls_i386[i].number >= 0)
				numbers[count++] = (struct call_number){
					(uint32_t)calls_i386[i].number,
					index_of(calls_i386[i].name),
				};
		return count;
	}
	for (size_t i = 0; i < calls_count; i++)
		numbers[count++] = (struct call_number){
			abi == ABI_X32 ? number_x32(i) : (uint32_t)numbers_x86_64[i],
			(uint16_t)i,
		};
	return count;
}

const struct call *call_of_tag(unsigned long tag, enum call_abi *abi)
{
	unsigned long index = tag & 0xfff;

	*abi = (enum call_abi)(tag >> 12);
	return tag >> 12 < ABI_COUNT && index < calls_count ? &calls[index] : NULL;
}

const struct call *call_of_number(long number)
{
	for (size_t i = 0; i < calls_count; i++)
		if (numbers_x86_64[i] == number)
			return &calls[i];
	return NULL;
}
