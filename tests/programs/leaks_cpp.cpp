// SPDX-License-Identifier: MIT
/*
 *     leaks_cpp C++-stream
 *
 * Leaks three times in one way, as leaks.c does.
 */
#include <fstream>
#include <string>

#include "frame.h"

namespace app
{

class Reader
{
      public:
	FRAME size_t first_word()
	{
		auto *stream = new std::ifstream("/proc/version"); /* leak: C++-stream */
		std::string word;

		*stream >> word;
		return word.size();
	}
};

} // namespace app

int main()
{
	app::Reader reader;
	size_t length = 0;

	for (int i = 0; i < 3; i++)
		length += reader.first_word();
	return length > 0 ? 0 : 1;
}
