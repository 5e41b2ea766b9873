// SPDX-License-Identifier: MIT
/*
 *     loads_cpp LIBRARY TIMES
 *
 * A program in C that loads a C++ library and lets it throw. Prints how often it caught, and the
 * file whose _Unwind_RaiseException a library would be bound to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words)
{
	void *library = dlopen(count > 1 ? words[1] : "", RTLD_NOW | RTLD_GLOBAL);
	int (*throws)(int) = library ? (int (*)(int))dlsym(library, "throws_and_catches") : NULL;
	void *raise;
	Dl_info info;

	if (!throws)
		return 1;
	printf("%d\n", throws(count > 2 ? atoi(words[2]) : 0));
	raise = dlsym(RTLD_DEFAULT, "_Unwind_RaiseException");
	if (!raise || !dladdr(raise, &info))
		return 1;
	printf("%s\n", info.dli_fname);
	return 0;
}
