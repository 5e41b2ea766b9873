// SPDX-License-Identifier: MIT
/* Numbers determined by a seed: splitmix64 (Steele, Lea, Flood 2014). */
#pragma once

#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* From 0 up to end, exclusive. */
static inline uint32_t random_below(struct random *random, uint32_t end)
{
	return (uint32_t)((random_next(random) >> 32) * end >> 32);
}

/* True once in this many times. */
static inline int random_once_in(struct random *random, uint32_t times)
{
	return random_below(random, times) == 0;
}
