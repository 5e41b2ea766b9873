// SPDX-License-Identifier: MIT
/*
 * Opens sockets in functions that are inlined into others: templates, lambdas, members, an unnamed
 * namespace, an exception's handler. For tests that map addresses to files and lines.
 */
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "frame.h"

namespace leaks
{
namespace
{

FRAME int leak_socket(int domain)
{
	int fd = socket(domain, SOCK_STREAM, 0);

	if (fd < 0)
		throw std::runtime_error("no socket");
	return fd;
}

} // namespace

struct Opener {
	virtual ~Opener() = default;
	virtual int open(int count) = 0;
};

template <typename Kind> struct Pool {
	std::vector<Kind> kept;

	static inline int open_twice(Kind domain)
	{
		int first = leak_socket(static_cast<int>(domain));

		return first + leak_socket(static_cast<int>(domain));
	}
	void keep(Kind fd)
	{
		kept.push_back(fd);
		leak_socket(AF_UNIX);
	}
};

struct Counting : Opener {
	int open(int count) override
	{
		auto each = [count](int more) {
			leak_socket(AF_UNIX);
			return count + more;
		};
		std::function<int(int)> later = each;

		return later(count) + each(2);
	}
};

inline int open_of_both_kinds(int domain)
{
	return Pool<int>::open_twice(domain) + Pool<long>::open_twice(domain);
}

template <class Action> int apply(Action action)
{
	return action() + 1;
}

} // namespace leaks

int main(int argc, char **argv)
{
	std::map<std::string, int> counts;
	leaks::Pool<int> pool;

	leaks::Counting().open(argc);
	leaks::open_of_both_kinds(AF_UNIX);
	for (int i = 0; i < argc; i++)
		counts[argv[i]] += leaks::apply([&] { return leaks::leak_socket(AF_UNIX) + i; });
	for (auto &count : counts)
		pool.keep(count.second);
	try {
		std::unique_ptr<leaks::Opener> opener = std::make_unique<leaks::Counting>();
		opener->open(3);
		leaks::leak_socket(-1);
	} catch (const std::exception &error) {
		leaks::leak_socket(AF_UNIX);
	}
	return 0;
}
