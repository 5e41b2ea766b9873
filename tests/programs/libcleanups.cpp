// SPDX-License-Identifier: MIT
// A C++ library whose function has something to clean up: its unwind data names a personality
// routine, through a word of the library's data.
#include <fcntl.h>
#include <unistd.h>

#include "frame.h"

namespace
{

struct Cleanup {
	int fd;
	explicit Cleanup(int number) : fd(number)
	{
	}
	~Cleanup()
	{
		close(fd);
	}
};

} // namespace

extern "C" int opens_with_cleanup(bool leak);

extern "C" FRAME int opens_with_cleanup(bool leak)
{
	Cleanup cleanup(dup(0));
	int fd = open("/dev/null", O_RDONLY);

	if (!leak)
		close(fd);
	return fd;
}
