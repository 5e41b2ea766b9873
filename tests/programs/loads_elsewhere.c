// SPDX-License-Identifier: MIT
/*
 *     loads_elsewhere LIBRARY
 *
 * Loads a library, changes to the root folder, and only then calls the function that leaks in it,
 * as a daemon does.
 */
#include <dlfcn.h>
#include <unistd.h>

int main(int count, char **words)
{
	void *library = dlopen(count > 1 ? words[1] : "", RTLD_NOW);
	int (*call)(const char *) =
		library ? (int (*)(const char *))dlsym(library, "library_call") : NULL;

	return !call || chdir("/") != 0 || call("/dev/null") < 0;
}
