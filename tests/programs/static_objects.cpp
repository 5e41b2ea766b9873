// SPDX-License-Identifier: MIT
//
//     static_objects LIBRARY
//
// A C++ program whose static objects close in their destructors; it throws and catches on the way,
// loads a library that closes in its own destructor, and leaks one descriptor in
// leaks_past_a_throw.
#include <cstdio>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdexcept>
#include <unistd.h>

#include "frame.h"

namespace
{

struct File {
	int fd = -1;
	File()
	{
		open_it();
	}
	~File()
	{
		close(fd);
	}
	FRAME void open_it()
	{
		fd = open("/dev/null", O_RDONLY);
	}
};

File file_of_the_program;

File &made_at_first_use()
{
	static File file;
	return file;
}

} // namespace

extern "C" FRAME int leaks_past_a_throw(int depth)
{
	if (depth == 0) {
		volatile int fd = open("/dev/zero", O_RDONLY);
		File local;
		throw std::runtime_error(fd >= 0 && local.fd >= 0 ? "good" : "bad");
	}
	volatile int result = leaks_past_a_throw(depth - 1);
	return result;
}

int main(int count, char **words)
{
	void *library = count > 1 ? dlopen(words[1], RTLD_NOW) : nullptr;

	if (!library || made_at_first_use().fd < 0)
		return 1;
	auto opens = reinterpret_cast<int (*)()>(dlsym(library, "opened_by_the_library"));
	if (!opens || !opens())
		return 1;
	try {
		leaks_past_a_throw(5);
	} catch (const std::exception &error) {
		std::printf("%s\n", error.what());
	}
	return 0;
}
