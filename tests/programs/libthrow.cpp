// SPDX-License-Identifier: MIT
// A C++ library for a program in C. Throws through a few frames and catches.
#include <stdexcept>

static int __attribute__((noinline)) descend(int depth)
{
	if (depth == 0)
		throw std::runtime_error("thrown");
	return descend(depth - 1) + 1;
}

extern "C" int throws_and_catches(int times)
{
	int caught = 0;

	for (int i = 0; i < times; i++) {
		try {
			descend(5);
		} catch (const std::exception &) {
			caught++;
		}
	}
	return caught;
}
